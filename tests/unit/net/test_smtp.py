from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.endpoint import Endpoint, Security
from desktopmail.net.errors import (
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
from desktopmail.wire.smtp.control import Quit
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.reply import Reply, reply
from tests.helpers.certificates import make_certificates
from tests.helpers.smtp_server import FULL, FakeServer, client_of

if TYPE_CHECKING:
    from pathlib import Path


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
