"""Listeners and their refusals."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import ClosedError, ListenError, TlsError
from desktopmail.net.ports import SystemClock
from desktopmail.net.tls import ClientTls
from localserver import listener
from localserver.config import Config, Limits
from localserver.faults import Fault
from localserver.listener import close_listeners
from localserver.local import LocalServer
from localserver.sessions import Sessions

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream


async def test_every_protocol_has_its_port_and_its_greeting() -> None:
    async with LocalServer({"alice": "s"}) as server:
        assert set(server.ports) == {
            "smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps",
        }  # fmt: skip
        greetings = {"smtp": b"220", "submission": b"220", "pop3": b"+OK", "imap": b"* OK"}
        for name, greeting in greetings.items():
            stream = await TcpDialer().dial("127.0.0.1", server.ports[name])
            assert (await stream.read()).startswith(greeting)
            await stream.aclose()
        tls = ClientTls("localhost", ca_file=server.ca_file)
        for name in ("submissions", "pop3s", "imaps"):
            stream = await TcpDialer().dial("127.0.0.1", server.ports[name], tls=tls)
            assert await stream.read()
            await stream.aclose()


async def test_the_sessions_of_a_protocol_are_imported_once_and_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []
    imported = listener._imported

    def watched(protocol: str) -> object:
        threads.append(threading.get_ident())
        return imported(protocol)

    monkeypatch.setattr(listener, "_IMPORTED", set())
    monkeypatch.setattr(listener, "_imported", watched)
    async with LocalServer({"alice": "s"}) as server:
        for is_in_loop in ([False, True], [True]):
            threads.clear()
            stream = await TcpDialer().dial("127.0.0.1", server.ports["imap"])
            assert (await stream.read()).startswith(b"* OK")
            await stream.aclose()
            assert [each == threading.get_ident() for each in threads] == is_in_loop


@pytest.mark.parametrize(
    ("name", "refusal"),
    [("smtp", b"421 4.3.2"), ("pop3", b"-ERR [SYS/TEMP]"), ("imap", b"* BYE [UNAVAILABLE]")],
)
async def test_too_many_connections_are_refused_in_their_protocol(
    name: str, refusal: bytes
) -> None:
    config = Config(limits=Limits(sessions=1))
    async with LocalServer({"alice": "s"}, config=config) as server:
        first = await TcpDialer().dial("127.0.0.1", server.ports[name])
        await first.read()
        second = await TcpDialer().dial("127.0.0.1", server.ports[name])
        assert (await second.read()).startswith(refusal)
        await second.aclose()
        await first.aclose()


async def test_a_port_in_use_closes_what_was_opened_before() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = Config(listen={"smtp": 0, "imap": taken.getsockname()[1]})
        with pytest.raises(ListenError, match="is in use"):
            async with LocalServer({"alice": "s"}, config=config):
                pass


async def test_without_tls_only_the_clear_ports_are_served() -> None:
    async with LocalServer({"alice": "s"}, without=["TLS"]) as server:
        assert set(server.ports) == {"smtp", "submission", "pop3", "imap"}


async def test_they_are_closed_together_and_not_one_after_the_other() -> None:
    class Waiting:
        port = 1

        async def aclose(self, *, grace_s: float = 0.0) -> None:
            assert grace_s == 3.0
            await everybody.wait()

    everybody = asyncio.Barrier(3)
    async with asyncio.timeout(2):
        sessions = Sessions(Limits(), SystemClock())
        listeners = {name: Waiting() for name in ("a", "b", "c")}
        await close_listeners(listeners, sessions, grace_s=3.0)


async def test_who_was_refused_or_has_gone_does_not_count() -> None:
    plan = [Fault(command="CONNECT", nth=1, drop=True)]
    config = Config(limits=Limits(sessions_per_address=1))
    async with LocalServer({"alice": "s"}, config=config, plan=plan) as server:
        for name in ("imap", "pop3", "smtp"):  # the first is dropped by the plan
            stream = await TcpDialer().dial("127.0.0.1", server.ports[name])
            greeting = await stream.read()
            assert (greeting == b"") is (name == "imap")
            refused = await TcpDialer().dial("127.0.0.1", server.ports["imap"])
            if name != "imap":
                assert (await refused.read()).startswith(b"* BYE [UNAVAILABLE] Too many")
            await refused.aclose()
            await stream.aclose()
            await gone(server)


async def test_no_octet_of_a_greeting_passes_before_implicit_tls() -> None:
    async with LocalServer({"alice": "s"}) as server:
        stream = await TcpDialer().dial("127.0.0.1", server.ports["imaps"])
        stream.write(b"a1 CAPABILITY\r\n")
        octets = await read_all(stream)
        assert b"OK" not in octets
        assert b"IMAP4" not in octets
        await stream.aclose()


async def test_the_wrong_certificate_is_shown_once_and_refused() -> None:
    plan = [Fault(protocol="imap", command="CONNECT", certificate="wrong")]
    async with LocalServer({"alice": "s"}, plan=plan) as server:
        tls = ClientTls("localhost", ca_file=server.ca_file)
        with pytest.raises(TlsError, match="certificate"):
            await TcpDialer().dial("127.0.0.1", server.ports["imaps"], tls=tls)
        stream = await TcpDialer().dial("127.0.0.1", server.ports["imaps"], tls=tls)
        assert (await stream.read()).startswith(b"* OK")
        await stream.aclose()


@pytest.mark.logs("session .* failed")
async def test_an_error_in_one_session_is_logged_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(_stream: object, _context: object) -> None:
        raise ZeroDivisionError

    async with LocalServer({"alice": "s"}) as server:
        with monkeypatch.context() as patched:
            patched.setattr("localserver.pop3.session.serve_pop3", broken)
            stream = await TcpDialer().dial("127.0.0.1", server.ports["pop3"])
            assert await stream.read() == b""
            await stream.aclose()
        stream = await TcpDialer().dial("127.0.0.1", server.ports["pop3"])
        assert (await stream.read()).startswith(b"+OK")
        await stream.aclose()


async def read_all(stream: Stream) -> bytes:
    octets = b""
    try:
        while piece := await stream.read():
            octets += piece
    except ClosedError:  # a reset ends it as well
        return octets
    return octets


async def gone(server: LocalServer) -> None:
    """Wait until the server has noticed that everybody left."""
    async with asyncio.timeout(5):
        while server.server.sessions.all():
            await asyncio.sleep(0)
