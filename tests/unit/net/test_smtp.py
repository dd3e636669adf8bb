from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import (
    AuthenticationError,
    ClosedError,
    NetError,
    ProtocolViolationError,
    RefusedError,
    TlsError,
)
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import InlineExecutor, Ports, SystemClock, SystemEntropy
from desktopmail.net.smtp import SmtpClient
from desktopmail.net.tls import ServerTls
from desktopmail.net.transcript import MemoryRecorder
from desktopmail.wire.sasl.policy import Exposure
from desktopmail.wire.secret import Secret
from desktopmail.wire.smtp.auth import Auth, AuthResponse
from desktopmail.wire.smtp.control import Quit
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.reply import Reply, reply
from tests.helpers.certificates import make_certificates
from tests.helpers.smtp_server import FULL, FakeServer

if TYPE_CHECKING:
    from pathlib import Path


async def client_of(
    server: FakeServer,
    *,
    security: Security = Security.NONE,
    ca_file: Path | None = None,
    recorder: MemoryRecorder | None = None,
    segment_octets: int = 65536,
) -> SmtpClient:
    network = MemoryNetwork(segment_octets=segment_octets)
    tls = server.tls if security is Security.TLS else None
    await network.listen("localhost", 25, server.serve, tls=tls)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    return await SmtpClient.connect(
        Endpoint("localhost", 25, security, ca_file=ca_file),
        ports=ports,
        local_name="me.example",
        recorder=recorder,
    )


@pytest.mark.parametrize("segment_octets", [1, 7, 65536])
async def test_it_connects_and_learns_what_is_offered(segment_octets: int) -> None:
    server = FakeServer()
    client = await client_of(server, segment_octets=segment_octets)
    assert client.extensions.domain == "fake.example"
    assert client.extensions.size == 100_000_000
    assert (await client.noop()).positive
    assert (await client.vrfy("x")).positive
    assert (await client.rset()).positive
    await client.quit()
    assert server.events[0] == Hello("EHLO", "me.example")
    assert server.count(Quit) == 1


async def test_helo_is_said_to_a_server_that_does_not_know_ehlo() -> None:
    def answer(event: object) -> Reply | None:
        known = not isinstance(event, Hello) or event.verb == "HELO"
        return None if known else reply(500, "what?")

    server = FakeServer(answer=answer)
    client = await client_of(server)
    assert dict(client.extensions.keywords) == {}
    assert server.events[1] == Hello("HELO", "me.example")
    await client.aclose()


@pytest.mark.parametrize("code", [421, 521, 554])
async def test_a_server_that_refuses_service_is_named(code: int) -> None:
    with pytest.raises(RefusedError, match=f"localhost:25 takes no mail now: {code}"):
        await client_of(FakeServer(greeting=reply(code, "not here")))


async def test_a_server_that_hangs_up_is_named() -> None:
    with pytest.raises(ClosedError, match="localhost:25 closed the connection"):
        await client_of(FakeServer(answer=lambda _event: "drop"))


async def test_a_port_that_waits_for_tls_and_hangs_up_is_not_blamed() -> None:
    network = MemoryNetwork()

    async def serve(stream: object) -> None:
        await stream.aclose()  # type: ignore[attr-defined] # a Stream

    await network.listen("localhost", 465, serve)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    with pytest.raises(ClosedError, match="without a greeting") as caught:
        await SmtpClient.connect(
            Endpoint("localhost", 465, Security.STARTTLS), ports=ports, local_name="me.example"
        )
    assert "different ports" in caught.value.remedy


async def test_what_is_no_smtp_is_the_servers_fault() -> None:
    network = MemoryNetwork()

    async def serve(stream: object) -> None:
        stream.write(b"* OK IMAP4rev1\r\n")  # type: ignore[attr-defined] # a Stream
        await stream.read()  # type: ignore[attr-defined] # a Stream

    await network.listen("localhost", 25, serve)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    with pytest.raises(ProtocolViolationError, match="not a reply line"):
        await SmtpClient.connect(
            Endpoint("localhost", 25, Security.NONE), ports=ports, local_name="me.example"
        )


# -- TLS


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
async def test_tls_both_ways(tmp_path: Path, security: Security) -> None:
    files = make_certificates(tmp_path)
    server = FakeServer(
        keywords={**FULL, "STARTTLS": ()}, tls=ServerTls(files.certificate, files.key)
    )
    client = await client_of(server, security=security, ca_file=files.ca_file)
    assert client.stream.tls is not None
    assert server.count(Hello) == (2 if security is Security.STARTTLS else 1)
    await client.quit()


async def test_a_server_without_starttls_gets_nothing() -> None:
    server = FakeServer()
    with pytest.raises(TlsError, match="does not offer STARTTLS") as caught:
        await client_of(server, security=Security.STARTTLS)
    assert caught.value.code == "tls-not-offered"
    assert server.events == [Hello("EHLO", "me.example")]


async def test_octets_injected_behind_starttls_are_found(tmp_path: Path) -> None:
    files = make_certificates(tmp_path)
    server = FakeServer(
        keywords={**FULL, "STARTTLS": ()},
        tls=ServerTls(files.certificate, files.key),
        injected=b"250 injected\r\n",
    )
    with pytest.raises(TlsError) as caught:
        await client_of(server, security=Security.STARTTLS, ca_file=files.ca_file)
    assert caught.value.code == "tls-injection"


# -- login


async def test_it_logs_in_and_says_what_that_exposed() -> None:
    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")})
    clock = SystemClock()
    recorder = MemoryRecorder(clock)
    client = await client_of(server, recorder=recorder)
    choice = await client.login("tim", Secret("tanstaaf"))
    assert (choice.mechanism, choice.exposure) == ("PLAIN", Exposure.CLEAR)
    assert server.events[-1] == Auth("PLAIN", b"\0tim\0tanstaaf")
    assert "C: AUTH PLAIN <PLAIN response>" in recorder.text()
    assert "tanstaaf" not in recorder.text()
    assert "AHRpbQ" not in recorder.text()
    await client.quit()


async def test_a_password_is_not_sent_readably_against_the_users_will() -> None:
    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")})
    client = await client_of(server)
    with pytest.raises(AuthenticationError, match="clear text") as caught:
        await client.login("tim", Secret("tanstaaf"), allow_clear=False)
    assert caught.value.code == "no-mechanism"
    assert server.count(Auth) == 0
    await client.aclose()


async def test_a_wrong_password_is_tried_once() -> None:
    def answer(event: object) -> Reply | None:
        return reply(535, "no such luck", "5.7.8") if isinstance(event, Auth) else None

    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")}, answer=answer)
    client = await client_of(server)
    with pytest.raises(AuthenticationError, match="no such luck") as caught:
        await client.login("tim", Secret("wrong"))
    assert caught.value.code == "credentials"
    assert "wrong" not in str(caught.value)
    assert server.count(Auth) == 1
    await client.aclose()


async def test_a_server_that_cannot_check_now_is_told_from_a_wrong_password() -> None:
    def answer(event: object) -> Reply | None:
        return reply(454, "database down", "4.7.0") if isinstance(event, Auth) else None

    server = FakeServer(keywords={**FULL, "AUTH": ("PLAIN",)}, answer=answer)
    client = await client_of(server)
    with pytest.raises(AuthenticationError) as caught:
        await client.login("tim", Secret("x"))
    assert caught.value.code == "temporary"
    await client.aclose()


async def test_a_mechanism_that_is_not_available_leads_to_the_next() -> None:
    def answer(event: object) -> Reply | None:
        refused = isinstance(event, Auth) and event.mechanism == "PLAIN"
        return reply(504, "not today", "5.5.4") if refused else None

    server = FakeServer(keywords={**FULL, "AUTH": ("LOGIN", "PLAIN")}, answer=answer)
    # LOGIN has two challenges; the fake server is content after the first: its own fault.
    client = await client_of(server)
    with pytest.raises(ProtocolViolationError, match="before it had the password"):
        await client.login("tim", Secret("x"))
    assert [e for e in server.events if isinstance(e, AuthResponse)] == [AuthResponse(b"tim")]


async def test_a_challenge_that_is_no_base64_is_the_servers_fault() -> None:
    def answer(event: object) -> Reply | None:
        return reply(334, "!!") if isinstance(event, Auth) else None

    client = await client_of(FakeServer(keywords={**FULL, "AUTH": ("PLAIN",)}, answer=answer))
    with pytest.raises(ProtocolViolationError, match="base64"):
        await client.login("tim", Secret("x"))


async def test_a_long_token_goes_behind_an_empty_challenge() -> None:
    server = FakeServer(keywords={**FULL, "AUTH": ("XOAUTH2",)})
    client = await client_of(server)
    token = "t" * 9187
    await client.login("tim", Secret(token), "oauth")
    assert server.events[-2] == Auth("XOAUTH2")
    assert isinstance(server.events[-1], AuthResponse)
    await client.quit()


# -- the connection's life


async def test_mailmax_and_421_exhaust_a_connection() -> None:
    server = FakeServer(keywords={**FULL, "LIMITS": ("MAILMAX=1",)})
    client = await client_of(server)
    assert not client.exhausted
    await client.send("a@b.example", ["c@d.example"], b"x\r\n")
    assert client.exhausted
    await client.quit()


async def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktopmail.net.smtp.COMMAND_S", 0.05)

    async def silent(stream: object) -> None:
        await stream.read()  # type: ignore[attr-defined] # a Stream

    network = MemoryNetwork()
    await network.listen("localhost", 25, silent)
    ports = Ports(SystemClock(), SystemEntropy(), network, InlineExecutor(), network.listen)
    with pytest.raises(NetError, match=r"did not answer to the greeting in 0\.05 s"):
        await SmtpClient.connect(
            replace(Endpoint("localhost", 25), security=Security.NONE),
            ports=ports,
            local_name="me.example",
        )


async def test_quit_does_not_wait_for_a_server_that_is_gone() -> None:
    server = FakeServer(answer=lambda event: "drop" if isinstance(event, Quit) else None)
    client = await client_of(server)
    async with asyncio.timeout(2):
        await client.quit()
    assert client.stream.is_closed
