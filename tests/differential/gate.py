"""The network between an engine and Dovecot: it can be away, and cut off in the middle."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import NetError
from desktopmail.net.listen import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from desktopmail.net.stream import Stream


class Gate:
    """Passes octets on, while it is open.

    Attributes:
        port: On which it listens.
        octets_left: So many octets more are passed on in both directions, then all ends; None for
            any number.
        said: The lines of the client.
    """

    def __init__(self, to: int) -> None:
        self._to = to
        self._is_open = True
        self._sessions: set[asyncio.Event] = set()
        self.port = 0
        self.octets_left: int | None = None
        self.said: list[bytes] = []

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[None]:
        """Listen on a free port."""
        listener = await listen("127.0.0.1", 0, self._session)
        self.port = listener.port
        try:
            yield
        finally:
            await listener.aclose()

    def open(self) -> None:
        """Let everything through."""
        self._is_open, self.octets_left = True, None

    def close(self) -> None:
        """Let nothing through any more."""
        self._is_open = False
        self.cut()

    def cut(self) -> None:
        """End what is open."""
        for session in self._sessions:
            session.set()

    async def _session(self, near: Stream) -> None:
        if not self._is_open:
            return
        cut = asyncio.Event()
        self._sessions.add(cut)
        try:
            with suppress(NetError):  # Dovecot may be away
                far = await TcpDialer().dial("127.0.0.1", self._to)
                try:
                    await self._pass_both(near, far, cut)
                finally:
                    await far.aclose()
        finally:
            self._sessions.discard(cut)

    async def _pass_both(self, near: Stream, far: Stream, cut: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            all_three = (
                group.create_task(self._pass_on(near, far, self.said)),
                group.create_task(self._pass_on(far, near, None)),
                group.create_task(_wait(cut)),
            )
            await asyncio.wait(all_three, return_when=asyncio.FIRST_COMPLETED)
            for one in all_three:
                one.cancel()

    async def _pass_on(self, source: Stream, sink: Stream, said: list[bytes] | None) -> None:
        with suppress(NetError):  # either may leave as it likes
            while octets := await source.read():
                if self.octets_left is not None:
                    octets = octets[: self.octets_left]
                    self.octets_left -= len(octets)
                if said is not None:
                    said += octets.split(b"\r\n")
                await sink.send(octets)
                if self.octets_left == 0:
                    self.close()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
