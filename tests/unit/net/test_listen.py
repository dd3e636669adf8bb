"""Listening: one coroutine for a connection, and nothing left at the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import ClosedError, ListenError, UnreachableError
from desktopmail.net.listen import listen
from desktopmail.net.memory import MemoryNetwork
from desktopmail.net.ports import Ports, system_ports

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream


async def echo(stream: Stream) -> None:
    while octets := await stream.read():
        await stream.send(octets)


async def assert_over(stream: Stream) -> None:
    """The other side is gone: an end, or a cut."""
    octets = b""
    with contextlib.suppress(ClosedError):
        octets = await stream.read()
    assert octets == b""


@pytest.fixture(params=["tcp", "memory"])
def ports(request: pytest.FixtureRequest) -> Ports:
    real = system_ports()
    if request.param == "tcp":
        return real
    network = MemoryNetwork()
    return Ports(real.clock, real.entropy, network, real.executor, network.listen)


async def test_many_clients_are_served_at_once(ports: Ports) -> None:
    listener = await ports.listen("127.0.0.1", 0, echo)
    streams = [await ports.dialer.dial("127.0.0.1", listener.port) for _ in range(10)]
    for number, stream in enumerate(streams):
        stream.write(b"%d" % number)
    assert [await stream.read() for stream in streams] == [b"%d" % n for n in range(10)]
    for stream in streams:
        await stream.aclose()
    await listener.aclose()


async def test_a_port_in_use_is_named_with_a_remedy(ports: Ports) -> None:
    listener = await ports.listen("127.0.0.1", 0, echo)
    with pytest.raises(ListenError) as caught:
        await ports.listen("127.0.0.1", listener.port, echo)
    assert caught.value.code == "port-in-use"
    assert str(listener.port) in caught.value.sentence
    assert "another port" in caught.value.remedy
    await listener.aclose()


async def test_an_address_that_is_not_ours_is_named() -> None:
    for host in ("192.0.2.77", "no-such-host.invalid"):
        with pytest.raises(ListenError) as caught:
            await listen(host, 0, echo)
        assert caught.value.code == "no-such-address"
        assert host in caught.value.sentence


async def test_a_name_with_two_addresses_is_bound_at_one_port() -> None:
    listener = await listen("localhost", 0, echo)
    families = {info[0] for info in socket.getaddrinfo("localhost", listener.port)}
    for family in families:
        address = "127.0.0.1" if family == socket.AF_INET else "::1"
        try:
            stream = await TcpDialer().dial(address, listener.port)
        except UnreachableError:
            assert family == socket.AF_INET6, "the IPv4 address was not bound"
        else:
            await stream.aclose()
    await listener.aclose()


async def test_closing_ends_the_sessions(ports: Ports) -> None:
    ended: list[str] = []
    begun = asyncio.Event()

    async def serve(stream: Stream) -> None:
        begun.set()
        try:
            await stream.read()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    listener = await ports.listen("127.0.0.1", 0, serve)
    stream = await ports.dialer.dial("127.0.0.1", listener.port)
    await begun.wait()
    await listener.aclose()
    assert ended == ["cancelled"]
    await assert_over(stream)
    await stream.aclose()


async def test_closing_with_grace_lets_sessions_end(ports: Ports) -> None:
    ended: list[str] = []
    begun = asyncio.Event()

    async def serve(stream: Stream) -> None:
        await stream.read()
        begun.set()
        await asyncio.sleep(0.05)
        ended.append("in order")

    listener = await ports.listen("127.0.0.1", 0, serve)
    stream = await ports.dialer.dial("127.0.0.1", listener.port)
    stream.write(b"x")
    await begun.wait()
    await listener.aclose(grace_s=5)
    assert ended == ["in order"]
    await stream.aclose()


async def test_after_closing_nobody_answers(ports: Ports) -> None:
    listener = await ports.listen("127.0.0.1", 0, echo)
    port = listener.port
    await listener.aclose()
    with pytest.raises(UnreachableError):
        await ports.dialer.dial("127.0.0.1", port)


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_that_comes_while_it_closes_is_closed_too(
    ports: Ports, turns: int
) -> None:
    """Its session may not have begun, and never will."""
    listener = await ports.listen("127.0.0.1", 0, echo)

    async def come() -> None:
        with contextlib.suppress(UnreachableError):
            client = await ports.dialer.dial("127.0.0.1", listener.port)
            try:
                await asyncio.wait_for(assert_over(client), 10)
            finally:
                client.abort()

    async with asyncio.TaskGroup() as group:
        group.create_task(come())
        for _ in range(turns):
            await asyncio.sleep(0)
        await listener.aclose()


async def test_an_error_of_a_session_is_reported_and_closes_its_stream(ports: Ports) -> None:
    told: asyncio.Future[tuple[str, Exception]] = asyncio.get_running_loop().create_future()

    async def serve(_stream: Stream) -> None:
        raise ZeroDivisionError

    listener = await ports.listen(
        "127.0.0.1", 0, serve, report=lambda name, error: told.set_result((name, error))
    )
    stream = await ports.dialer.dial("127.0.0.1", listener.port)
    assert await stream.read() == b""
    name, error = await told
    assert "session" in name
    assert isinstance(error, ZeroDivisionError)
    await stream.aclose()
    await listener.aclose()


@pytest.mark.logs("session .* failed")
async def test_without_a_reporter_the_error_is_logged() -> None:
    async def serve(_stream: Stream) -> None:
        raise ZeroDivisionError

    listener = await listen("127.0.0.1", 0, serve)
    stream = await TcpDialer().dial("127.0.0.1", listener.port)
    assert await stream.read() == b""
    await stream.aclose()
    await listener.aclose()


async def test_a_client_that_vanishes_is_no_error(ports: Ports) -> None:
    told: list[object] = []
    begun, ended = asyncio.Event(), asyncio.Event()

    async def serve(stream: Stream) -> None:
        begun.set()
        try:
            await echo(stream)
        finally:
            ended.set()

    listener = await ports.listen("127.0.0.1", 0, serve, report=lambda *error: told.append(error))
    stream = await ports.dialer.dial("127.0.0.1", listener.port)
    await begun.wait()
    stream.abort()
    await ended.wait()
    await stream.aclose()
    await listener.aclose()
    assert told == []
