"""The IMAP client, against written dialogues."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Security
from desktopmail.net.errors import (
    AuthenticationError,
    ClosedError,
    ProtocolViolationError,
    RefusedError,
    TimedOutError,
    TlsError,
)
from desktopmail.wire.imap.state import State
from desktopmail.wire.secret import Secret
from tests.helpers.certificates import make_certificates
from tests.helpers.imap_script import CAPABLE, scripted

if TYPE_CHECKING:
    from pathlib import Path


EARLY = "S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] hello\n"


async def test_capabilities_are_asked_for_when_the_greeting_has_none() -> None:
    text = "S: * OK hello\nC: A1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE\nS: A1 OK x\n"
    for segment in (1, 65536):
        async with scripted(text, segment_octets=segment) as client:
            assert client.capabilities == {"IMAP4REV1", "IDLE"}
            assert client.state is State.NOT_AUTHENTICATED


async def test_a_bye_for_a_greeting_is_a_refusal_for_now() -> None:
    with pytest.raises(RefusedError, match="overloaded") as caught:
        async with scripted("S: * BYE overloaded\n"):
            pass
    assert caught.value.code == "temporary"


async def test_another_protocol_is_named() -> None:
    with pytest.raises(ProtocolViolationError, match="does not speak IMAP"):
        async with scripted("S: 220 mail.example.test ESMTP\n"):
            pass


async def test_a_server_that_closes_at_once_is_told() -> None:
    with pytest.raises(ClosedError):
        async with scripted("*: close\n"):
            pass


async def test_a_silent_server_is_given_up() -> None:
    with pytest.raises(TimedOutError):
        async with scripted("*: wait\n", timeout_s=0.05):
            pass


async def test_starttls_forgets_what_was_offered_in_the_clear(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, "mail.example.test")
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\nC: A1 "
        "STARTTLS\nS: A1 OK begin\n"
        "*: tls\nC: A2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\nS: A2 OK x\n"
    )
    async with scripted(text, security=Security.STARTTLS, certificates=certificates) as client:
        assert client.capabilities == {"IMAP4REV1", "AUTH=PLAIN", "SASL-IR"}
        assert client.stream.tls is not None


async def test_octets_in_the_clear_behind_starttls_end_the_connection(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, "mail.example.test")
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nC: A1 STARTTLS\nS: A1 OK begin\n"
        "S: * CAPABILITY IMAP4rev1 AUTH=PLAIN\n*: wait\n"
    )
    with pytest.raises((ProtocolViolationError, TlsError), match="clear"):
        async with scripted(text, security=Security.STARTTLS, certificates=certificates):
            pass


@pytest.mark.parametrize(
    "text",
    [
        "S: * OK [CAPABILITY IMAP4rev1] hello\n*: wait\n",
        "S: * PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\n*: wait\n",
        (
            "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nC: A1 STARTTLS\nS: A1 "
            "NO not now\n*: wait\n"
        ),
        "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] hello\nC: A1 STARTTLS\nS: A1 BAD what\n*: wait\n",
    ],
)
async def test_without_starttls_nothing_is_sent(text: str, tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path, "mail.example.test")
    with pytest.raises(TlsError) as caught:
        async with scripted(text, security=Security.STARTTLS, certificates=certificates):
            pass
    assert caught.value.code == "tls-not-offered"


async def test_preauth_needs_no_login() -> None:
    async with scripted(CAPABLE) as client:
        assert await client.login("alice", Secret("x")) is None


async def test_login_disabled_is_obeyed() -> None:
    text = "S: * OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hello\n*: wait\n"
    async with scripted(text) as client:
        with pytest.raises(AuthenticationError) as caught:
            await client.login("alice", Secret("sesame"))
        assert caught.value.code == "no-mechanism"


async def test_the_command_login_is_what_is_left_without_sasl() -> None:
    text = (
        'S: * OK [CAPABILITY IMAP4rev1] hello\nC: A1 LOGIN alice "se same"\nS: A1 OK in\n'
        "C: A2 CAPABILITY\nS: * CAPABILITY IMAP4rev1 IDLE\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        choice = await client.login("alice", Secret("se same"))
        assert choice is not None
        assert client.capabilities == {"IMAP4REV1", "IDLE"}


async def test_plain_goes_with_its_initial_response() -> None:
    text = (
        EARLY
        + "C: A1 AUTHENTICATE PLAIN AGFsaWNlAHNlc2FtZQ==\nS: A1 OK [CAPABILITY IMAP4rev1] in\n"
    )
    async with scripted(text) as client:
        choice = await client.login("alice", Secret("sesame"))
        assert choice is not None
        assert choice.mechanism == "PLAIN"
        assert client.state is State.AUTHENTICATED


async def test_plain_waits_without_sasl_ir() -> None:
    text = (
        "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hello\nC: A1 AUTHENTICATE PLAIN\nS: + \n"
        "C: AGFsaWNlAHNlc2FtZQ==\nS: A1 OK [CAPABILITY IMAP4rev1] in\n"
    )
    async with scripted(text) as client:
        assert await client.login("alice", Secret("sesame"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("NO [AUTHENTICATIONFAILED] wrong", "credentials"),
        ("NO [UNAVAILABLE] later", "temporary"),
        ("NO no", "credentials"),
    ],
)
async def test_a_refused_login_leaves_the_connection_usable(answer: str, code: str) -> None:
    for opening in (
        EARLY + "C: A1 AUTHENTICATE PLAIN AGFsaWNlAHNlc2FtZQ==\n",
        'S: * OK [CAPABILITY IMAP4rev1] hello\nC: A1 LOGIN alice "sesame"\n',
    ):
        async with scripted(opening + f"S: A1 {answer}\nC: A2 NOOP\nS: A2 OK x\n") as client:
            with pytest.raises(AuthenticationError) as caught:
                await client.login("alice", Secret("sesame"))
            assert caught.value.code == code
            await client.noop()


async def test_a_password_that_cannot_be_sent_is_said_so() -> None:
    async with scripted("S: * OK [CAPABILITY IMAP4rev1] hello\n*: wait\n") as client:
        with pytest.raises(AuthenticationError, match="cannot"):
            await client.login("alice", Secret("a\r\nb"))


async def test_compression_that_is_active_already_is_no_error() -> None:
    text = CAPABLE + "C: A1 COMPRESS DEFLATE\nS: A1 NO [COMPRESSIONACTIVE] x\n"
    async with scripted(text) as client:
        assert await client.compress() is False


async def test_a_stream_that_is_not_compressed_ends_the_connection() -> None:
    text = (
        CAPABLE + "C: A1 COMPRESS DEFLATE\nS: A1 OK x\nS: * 1 EXISTS this is no deflate\n*: wait\n"
    )
    async with scripted(text) as client:
        assert await client.compress()
        with pytest.raises((ProtocolViolationError, ClosedError)):
            await client.noop()


async def test_an_answer_to_nothing_ends_the_connection() -> None:
    async with scripted(CAPABLE + "C: A1 NOOP\nS: A7 OK x\n*: wait\n") as client:
        with pytest.raises(ProtocolViolationError, match="A7"):
            await client.noop()


async def test_logout_says_goodbye() -> None:
    async with scripted(CAPABLE + "C: A1 LOGOUT\nS: * BYE bye\nS: A1 OK x\n*: close\n") as client:
        await client.logout()
        assert not client.is_usable
        await client.logout()


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_logout_that_is_cancelled_closes_all_the_same(times: int) -> None:
    async with scripted(CAPABLE + "C: A1 LOGOUT\n*: wait\n") as client:
        leaving = asyncio.gather(client.logout(), return_exceptions=True)
        await asyncio.sleep(0.01)
        (task,) = (one for one in asyncio.all_tasks() if one.get_coro().__name__ == "logout")
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        (error,) = await leaving
        assert isinstance(error, asyncio.CancelledError)
        assert not client.is_usable
        assert client.stream.is_closed


async def test_closing_fails_whoever_waits() -> None:
    async with scripted(CAPABLE + "C: A1 NOOP\n*: wait\n") as client:
        waiting = asyncio.gather(client.noop(), return_exceptions=True)
        await asyncio.sleep(0.01)
        await client.aclose()
        (error,) = await waiting
        assert isinstance(error, ClosedError)
