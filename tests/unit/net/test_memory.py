"""Connections in memory behave as sockets do (test_stream and test_listen run on both)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import UnreachableError
from desktopmail.net.memory import MemoryNetwork, stream_pair

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream


async def test_segments_are_as_small_as_asked_for() -> None:
    client, server = stream_pair(segment_octets=2)
    client.write(b"abcde")
    assert await server.read() == b"ab"
    await asyncio.sleep(0.01)
    assert await server.read() == b"cde"
    await client.aclose()
    await server.aclose()


async def test_the_ends_have_the_names_they_were_given() -> None:
    client, server = stream_pair(client="192.0.2.9", server="mail.test", port=110)
    assert client.peer == "mail.test:110"
    assert server.peer.startswith("192.0.2.9:")
    await client.aclose()
    await server.aclose()


async def test_nothing_arrives_in_the_same_turn_of_the_loop() -> None:
    client, server = stream_pair()
    client.write(b"later")
    reading = asyncio.get_running_loop().create_task(server.read())
    assert not reading.done()
    assert await reading == b"later"
    await client.aclose()
    await server.aclose()


async def test_an_end_that_closes_gets_rid_of_what_nobody_reads() -> None:
    client, server = stream_pair()
    client.write(bytes(4 << 20))
    await asyncio.sleep(0.01)
    await server.aclose()
    async with asyncio.timeout(1):
        await client.aclose()


async def test_hosts_are_known_by_their_names() -> None:
    network = MemoryNetwork()

    async def serve(stream: Stream) -> None:
        await stream.send(b"hello")

    listener = await network.listen("mail.test", 110, serve)
    stream = await network.dial("mail.test", 110)
    assert await stream.read() == b"hello"
    with pytest.raises(UnreachableError) as caught:
        await network.dial("other.test", 110)
    assert caught.value.sentence == "other.test:110 refuses the connection."
    await stream.aclose()
    await listener.aclose()


async def test_the_error_of_a_session_is_raised_when_nobody_takes_it() -> None:
    network = MemoryNetwork()
    loop = asyncio.get_running_loop()
    unhandled: asyncio.Future[dict[str, object]] = loop.create_future()
    loop.set_exception_handler(lambda _, about: unhandled.set_result(about))

    async def serve(_stream: Stream) -> None:
        raise ZeroDivisionError

    listener = await network.listen("mail.test", 110, serve)
    stream = await network.dial("mail.test", 110)
    assert await stream.read() == b""
    assert "session" in str((await unhandled)["exception"])
    await stream.aclose()
    await listener.aclose()
