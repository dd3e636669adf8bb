"""A relay between a client and a server: it counts, delays, and changes what the server says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.net.dial import TcpDialer
from desktopmail.net.errors import NetError
from desktopmail.net.listen import listen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from desktopmail.net.stream import Stream


@dataclass
class Relay:
    """Stands between; in the clear only.

    Attributes:
        to: The port of the server on this machine.
        rewrite: Is given each line of the server with its CRLF, and returns what the client gets.
        delay_s: So long every octet is on its way, in each direction.
        commands: Every line of the client, without its CRLF.
        octets: How many came from the server.
        flights: How often the client said something after it had heard something: round trips.
        flight_of: For each command, with which of them it went.
        sessions: How many connections there were.
        open: How many there are.
    """

    to: int
    rewrite: Callable[[bytes], bytes] | None = None
    delay_s: float = 0.0
    commands: list[bytes] = field(default_factory=list)
    octets: int = 0
    flights: int = 0
    flight_of: list[int] = field(default_factory=list)
    sessions: int = 0
    open: int = 0
    port: int = 0

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Relay]:
        """Listen on a free port of this machine."""
        listener = await listen("127.0.0.1", 0, self._session)
        self.port = listener.port
        try:
            yield self
        finally:
            await listener.aclose()

    def forget(self) -> None:
        """Begin to count anew."""
        self.commands.clear()
        self.flight_of.clear()
        self.flights = self.octets = 0

    def said(self, verb: str) -> list[str]:
        """The commands of this verb, without their tags ("UID FETCH" is one verb)."""
        untagged = [line.decode("latin-1").partition(" ")[2] for line in self.commands]
        return [line for line in untagged if line.upper().startswith(verb)]

    async def _session(self, near: Stream) -> None:
        self.sessions += 1
        self.open += 1
        far = await TcpDialer().dial("127.0.0.1", self.to)
        heard = [True]  # whether the client has heard something since it spoke
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(near, far, _Client(self, heard)))
                group.create_task(self._pass_on(far, near, _Server(self, heard)))
        finally:
            self.open -= 1
            await far.aclose()

    async def _pass_on(self, source: Stream, sink: Stream, side: _Client | _Server) -> None:
        """Pass octets on, each so long after it came."""
        loop = asyncio.get_running_loop()
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def deliver() -> None:
            while True:
                due, octets = await on_the_way.get()
                await asyncio.sleep(due - loop.time())
                if not octets:
                    return
                side.arrives()
                await sink.send(octets)

        with suppress(NetError):  # either may leave as it likes
            async with asyncio.TaskGroup() as group:
                delivery = group.create_task(deliver())
                while octets := await _read(source):
                    if ready := side.takes(octets):
                        on_the_way.put_nowait((loop.time() + self.delay_s, ready))
                on_the_way.put_nowait((loop.time() + self.delay_s, b""))
                await asyncio.wait([delivery])
        await sink.aclose()


class _Client:
    """What comes from the client."""

    def __init__(self, relay: Relay, heard: list[bool]) -> None:
        self._relay = relay
        self._heard = heard
        self._line = b""

    def takes(self, octets: bytes) -> bytes:
        if self._heard[0]:
            self._heard[0] = False
            self._relay.flights += 1
        *lines, self._line = (self._line + octets).split(b"\r\n")
        self._relay.commands += lines
        self._relay.flight_of += [self._relay.flights] * len(lines)
        return octets

    def arrives(self) -> None:
        pass


class _Server:
    """What comes from the server: passed on by lines where it is changed."""

    def __init__(self, relay: Relay, heard: list[bool]) -> None:
        self._relay = relay
        self._heard = heard
        self._line = b""

    def takes(self, octets: bytes) -> bytes:
        self._relay.octets += len(octets)
        rewrite = self._relay.rewrite
        if rewrite is None:
            return octets
        *lines, self._line = (self._line + octets).split(b"\r\n")
        return b"".join(rewrite(line + b"\r\n") for line in lines)

    def arrives(self) -> None:
        self._heard[0] = True


async def _read(stream: Stream) -> bytes:
    try:
        return await stream.read()
    except NetError:
        return b""
