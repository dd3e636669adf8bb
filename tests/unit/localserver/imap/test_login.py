"""LOGIN and AUTHENTICATE, right and wrong."""

from __future__ import annotations

import base64

import pytest

from desktopmail.wire.sasl.client import DeriveKey
from desktopmail.wire.sasl.cram_md5 import CramMd5Client
from desktopmail.wire.sasl.scram import ScramClient, derive_key
from desktopmail.wire.secret import Secret
from localserver.config import Config, Limits
from localserver.local import LocalServer
from tests.helpers.imap_dialogue import Dialogue, connected


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@localhost", '"alice"'])
async def test_login_takes_every_form_of_the_name(name: str) -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        answer = (await dialogue.run(f"LOGIN {name} secret"))[-1]
        assert answer.startswith("OK [CAPABILITY IMAP4rev1 IMAP4rev2 ")


@pytest.mark.parametrize("pair", ["alice wrong", "nobody secret", "alice@elsewhere.test secret"])
async def test_a_wrong_name_and_a_wrong_password_look_alike(pair: str) -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        answer = (await dialogue.run(f"LOGIN {pair}"))[-1]
        assert answer == "NO [AUTHENTICATIONFAILED] The name or the password is wrong."


async def test_too_many_failures_end_the_session() -> None:
    config = Config(limits=Limits(failures=2))
    async with (
        LocalServer({"alice": "secret"}, config=config) as server,
        connected(server) as dialogue,
    ):
        await dialogue.run("LOGIN alice wrong")
        await dialogue.send(b"x LOGIN alice wrong\r\n")
        lines = [await dialogue.line(), await dialogue.line()]
        assert any(line.startswith(b"* BYE") for line in lines)


async def test_plain_with_and_without_an_initial_response() -> None:
    secret = base64.b64encode(b"\0alice\0secret")
    async with LocalServer({"alice": "secret"}) as server:
        async with connected(server) as dialogue:
            answer = (await dialogue.run(b"AUTHENTICATE PLAIN " + secret))[-1]
            assert answer.startswith("OK [CAPABILITY")
        async with connected(server) as dialogue:
            await dialogue.send(b"x AUTHENTICATE PLAIN\r\n")
            assert (await dialogue.line()).startswith(b"+")
            await dialogue.send(secret + b"\r\n")
            assert (await dialogue.answers(b"x"))[-1].startswith("OK")


async def test_an_exchange_that_is_given_up_is_bad_and_the_next_one_works() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        await dialogue.send(b"x AUTHENTICATE PLAIN\r\n")
        await dialogue.line()
        await dialogue.send(b"*\r\n")
        assert (await dialogue.answers(b"x"))[-1].startswith("BAD")
        assert (await dialogue.run("LOGIN alice secret"))[-1].startswith("OK")


async def test_cram_md5() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        client = CramMd5Client("alice", Secret("secret"))
        await dialogue.send(b"x AUTHENTICATE CRAM-MD5\r\n")
        challenge = base64.b64decode((await dialogue.line()).removeprefix(b"+ "))
        response = client.respond(challenge)
        assert isinstance(response, bytes)
        await dialogue.send(base64.b64encode(response) + b"\r\n")
        assert (await dialogue.answers(b"x"))[-1].startswith("OK")


async def _scram(dialogue: Dialogue, password: str) -> str:
    client = ScramClient("SCRAM-SHA-256", "alice", Secret(password), nonce="abcdefghij")
    initial = client.initial_response()
    await dialogue.send(b"x AUTHENTICATE SCRAM-SHA-256 " + base64.b64encode(initial) + b"\r\n")
    while (line := await dialogue.line()).startswith(b"+ "):
        step = client.respond(base64.b64decode(line[2:]))
        if isinstance(step, DeriveKey):
            step = client.key_derived(derive_key(step))
        await dialogue.send(base64.b64encode(step) + b"\r\n")
    return line.decode()


async def test_scram_with_the_right_and_the_wrong_password() -> None:
    async with LocalServer({"alice": "secret"}) as server:
        async with connected(server) as dialogue:
            assert (await _scram(dialogue, "wrong")).startswith("x NO [AUTHENTICATIONFAILED]")
        async with connected(server) as dialogue:
            assert (await _scram(dialogue, "secret")).startswith("x OK [CAPABILITY")


async def test_nobody_acts_for_somebody_else() -> None:
    async with (
        LocalServer({"alice": "secret", "bob": "other"}) as server,
        connected(server) as dialogue,
    ):
        octets = base64.b64encode(b"bob\0alice\0secret")
        assert (await dialogue.run(b"AUTHENTICATE PLAIN " + octets))[-1].startswith("NO")


async def test_a_mechanism_that_is_switched_off_is_refused() -> None:
    async with (
        LocalServer({"alice": "secret"}, without=["AUTH=PLAIN"]) as server,
        connected(server) as dialogue,
    ):
        assert "AUTH=PLAIN" not in (await dialogue.run("CAPABILITY"))[0]
        octets = base64.b64encode(b"\0alice\0secret")
        assert (await dialogue.run(b"AUTHENTICATE PLAIN " + octets))[-1].startswith("NO [CANNOT]")


@pytest.mark.parametrize("response", [b"*", b"not base64!", b"AAAA", base64.b64encode(b"x")])
async def test_exchanges_that_come_to_nothing_end_the_session_too(response: bytes) -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        for number in range(Limits().failures):
            await dialogue.send(b"x%d AUTHENTICATE PLAIN\r\n" % number)
            assert (await dialogue.line()).startswith(b"+")
            await dialogue.send(response + b"\r\n")
            assert (await dialogue.line()).startswith(b"x%d " % number)
        assert await dialogue.line() == b"* BYE Too many failed logins."
        assert await dialogue.at_end()


async def test_the_transcript_shows_that_the_client_answered_a_challenge() -> None:
    async with LocalServer({"alice": "secret"}) as server, connected(server) as dialogue:
        await dialogue.send(b"a AUTHENTICATE CRAM-MD5\r\n")
        await dialogue.line()
        await dialogue.send(b"*\r\n")
        await dialogue.answers(b"a")
        await dialogue.send(b"b AUTHENTICATE LOGIN\r\n")
        for _ in range(2):
            await dialogue.line()
            await dialogue.send(b"YWxpY2U=\r\n")
        await dialogue.answers(b"b")
        said = server.transcript
        assert said.commands("imap") == [
            "AUTHENTICATE CRAM-MD5", "*", "AUTHENTICATE LOGIN", "<response>", "<response>",
        ]  # fmt: skip
        assert said.round_trips("imap") == 5
        assert "YWxpY2U" not in said.text("imap")
