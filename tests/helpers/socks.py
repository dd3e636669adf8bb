"""A small SOCKS5 proxy (RFC 1928, RFC 1929) that keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import NetError
from desktopmail.net.listen import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream

Serve = Callable[["Stream"], Awaitable[None]]


async def take(stream: Stream, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        more = await stream.read()
        assert more
        octets += more
    stream.unread(octets[size:])
    return octets[:size]


class Proxy:
    """What the proxy was told, and what it does."""

    def __init__(self, *, user: bytes | None = None, password: bytes = b"", reply: int = 0) -> None:
        self.user, self.password, self.reply = user, password, reply
        self.asked = b""
        self.then: Serve | None = None
        self.tail = b""

    async def serve(self, stream: Stream) -> None:
        _, count = await take(stream, 2)
        methods = await take(stream, count)
        if self.user is not None:
            if 2 not in methods:
                await stream.send(b"\x05\xff")
                return
            await stream.send(b"\x05\x02")
            assert await take(stream, 1) == b"\x01"
            name = await take(stream, (await take(stream, 1))[0])
            password = await take(stream, (await take(stream, 1))[0])
            wrong = (name, password) != (self.user, self.password)
            await stream.send(b"\x01" + bytes([wrong]))
            if wrong:
                return
        else:
            await stream.send(b"\x05\x00")
        head = await take(stream, 4)
        size = {1: 4, 4: 16}.get(head[3]) or (await take(stream, 1))[0]
        self.asked = head[3:4] + await take(stream, size + 2)
        bound = b"\x03\x04host\x00\x00" if self.reply == 0 else b"\x01\x00\x00\x00\x00\x00\x00"
        await stream.send(b"\x05" + bytes([self.reply, 0]) + bound + self.tail)
        if self.then is not None:
            await self.then(stream)

    @property
    def host(self) -> str:
        """The name that was asked for, or its address in octets."""
        return self.asked[1:-2].decode("latin-1")

    @property
    def port(self) -> int:
        """The port that was asked for."""
        return int.from_bytes(self.asked[-2:], "big")

    @asynccontextmanager
    async def relaying(self, port: int | None = None) -> AsyncIterator[int]:
        """Listen on this machine and relay to the asked port of it, whatever the name."""

        async def relay(stream: Stream) -> None:
            there = await TcpDialer().dial("127.0.0.1", port or self.port)
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(_pump(stream, there))
                    group.create_task(_pump(there, stream))
            finally:
                await there.aclose()

        self.then = relay
        listener = await listen("127.0.0.1", 0, self.serve)
        try:
            yield listener.port
        finally:
            await listener.aclose()


async def _pump(near: Stream, far: Stream) -> None:
    with suppress(NetError):  # either side may go as it likes
        while octets := await near.read():
            await far.send(octets)
    far.abort()
