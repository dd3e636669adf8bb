"""Connections inside one process: two streams back to back, and a network of named hosts.

They run the same protocol, TLS layer and flow control as sockets do; only the wire between is a
queue. For tests and simulations.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from desktopmail.net.endpoint import join_host_port
from desktopmail.net.errors import ListenError, UnreachableError
from desktopmail.net.listen import begin_session
from desktopmail.net.stream import Stream, StreamProtocol
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.net.listen import Listener
    from desktopmail.net.tls import ClientTls, ServerTls

# What lies "in the socket buffers" of one direction before writing pauses.
_WINDOW = 64 * 1024


class MemoryTransport(asyncio.Transport):
    """One end; what is written arrives at the other end in a later turn of the loop.

    Args:
        protocol: The protocol of this end.
        names: What `get_extra_info` answers (`peername`, `sockname`).
        segment_octets: How many octets arrive at once; small numbers show framing errors.
    """

    def __init__(
        self, protocol: StreamProtocol, names: dict[str, object], *, segment_octets: int = 65536
    ) -> None:
        super().__init__(names)
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._segment = segment_octets
        self._other: MemoryTransport | None = None
        self._outbox = bytearray()
        self._high = _WINDOW
        self._writing_paused = False
        self._reading_paused = False
        self._closing = False
        self._lost = False
        self._scheduled = False
        self._sent_eof = False

    def join(self, other: MemoryTransport) -> None:
        """Connect the two ends."""
        self._other, other._other = other, self

    # --- asyncio.Transport ---------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send octets."""
        if self._closing or self._sent_eof:
            return
        self._outbox += data
        self._check_high()
        self.schedule()

    def write_eof(self) -> None:
        """Send no more."""
        self._sent_eof = True
        self.schedule()

    def can_write_eof(self) -> bool:
        """Yes."""
        return True

    def pause_reading(self) -> None:
        """Let nothing arrive."""
        self._reading_paused = True

    def resume_reading(self) -> None:
        """Let octets arrive again."""
        self._reading_paused = False
        if self._other is not None:
            self._other.schedule()

    def is_reading(self) -> bool:
        """Whether octets may arrive; a closed end takes them to drop them."""
        return self._closing or not self._reading_paused

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set what may wait."""
        del low
        self._high = _WINDOW if high is None else high

    def get_write_buffer_size(self) -> int:
        """What waits."""
        return len(self._outbox)

    def is_closing(self) -> bool:
        """Whether it is closed or about to be."""
        return self._closing

    def close(self) -> None:
        """Send what waits, then close."""
        if not self._closing:
            self._closing = True
            self.schedule()
            if self._other is not None:
                self._other.schedule()  # what it holds back for us is dropped

    def abort(self) -> None:
        """Close now; the other end is cut."""
        self._closing = True
        self._outbox.clear()
        self._end(None)
        if self._other is not None:
            self._loop.call_soon(self._other.cut)

    def cut(self) -> None:
        """Lose the connection, as by a reset."""
        self._closing = True
        self._outbox.clear()
        self._end(ConnectionResetError(104, "connection reset by peer"))

    # --- what the other end calls --------------------------------------------------------------

    def schedule(self) -> None:
        """Look in a later turn what can be delivered."""
        if not self._scheduled and not self._lost:
            self._scheduled = True
            self._loop.call_soon(self._deliver)

    def arrive(self, octets: bytes) -> None:
        """Take octets; a closed end drops them, as a kernel does."""
        if not self._closing:
            self._protocol.data_received(octets)

    def arrive_eof(self) -> None:
        """Take the end."""
        if not self._closing:
            self._protocol.eof_received()

    # --- private -------------------------------------------------------------------------------

    def _deliver(self) -> None:
        self._scheduled = False
        other = self._other
        if self._lost or other is None:
            return
        if self._outbox:
            if not other.is_reading():
                return
            octets = bytes(self._outbox[: self._segment])
            del self._outbox[: self._segment]
            other.arrive(octets)
            self._check_low()
            if self._outbox or self._closing or self._sent_eof:
                self.schedule()
            return
        if self._sent_eof or self._closing:
            other.arrive_eof()
        if self._closing:
            self._end(None)

    def _check_high(self) -> None:
        if len(self._outbox) > self._high and not self._writing_paused:
            self._writing_paused = True
            self._protocol.pause_writing()

    def _check_low(self) -> None:
        if self._writing_paused and len(self._outbox) <= self._high // 4:
            self._writing_paused = False
            self._protocol.resume_writing()

    def _end(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._loop.call_soon(self._protocol.connection_lost, error)


def stream_pair(
    *,
    segment_octets: int = 65536,
    client: str = "192.0.2.1",
    server: str = "192.0.2.2",
    port: int = 1,
) -> tuple[Stream, Stream]:
    """Return the two ends of one connection: the client's and the server's."""
    near, far = StreamProtocol(), StreamProtocol(server=True)
    ends = (client, 40000), (server, port)
    one = MemoryTransport(
        near, {"sockname": ends[0], "peername": ends[1]}, segment_octets=segment_octets
    )
    two = MemoryTransport(
        far, {"sockname": ends[1], "peername": ends[0]}, segment_octets=segment_octets
    )
    one.join(two)
    near.connection_made(one)
    far.connection_made(two)
    return Stream(near), Stream(far)


class MemoryNetwork:
    """Hosts and ports inside one process; a `Dialer` and a `Listen` at once.

    Args:
        segment_octets: How many octets arrive at once.
    """

    def __init__(self, *, segment_octets: int = 65536) -> None:
        self._segment = segment_octets
        self._listeners: dict[tuple[str, int], _MemoryListener] = {}
        self._next_port = 50_000

    async def dial(
        self, host: str, port: int, *, tls: ClientTls | None = None, timeout_s: float = 30.0
    ) -> Stream:
        """Connect to a listener of this network."""
        del timeout_s
        listener = self._listeners.get((host, port))
        if listener is None:
            raise UnreachableError(
                f"{join_host_port(host, port)} refuses the connection.",
                remedy="Check the port, and whether the server is running.",
                code="refused",
            )
        near, far = stream_pair(segment_octets=self._segment, server=host, port=port)
        listener.accept(far)
        if tls is not None:
            await near.start_tls(tls)
        return near

    async def listen(
        self,
        host: str,
        port: int,
        serve: Callable[[Stream], Awaitable[None]],
        *,
        tls: ServerTls | None = None,
        report: Callable[[str, Exception], None] | None = None,
    ) -> Listener:
        """Open a listener."""
        if port == 0:
            port = self._next_port
            self._next_port += 1
        if (host, port) in self._listeners:
            raise ListenError(
                f"Port {port} on {host} is in use by another program.",
                remedy="Choose another port, or 0 for a free one.",
                code="port-in-use",
            )
        listener = _MemoryListener(self._listeners, (host, port), serve, tls, report or _raise)
        self._listeners[host, port] = listener
        return listener


class _MemoryListener:
    def __init__(
        self,
        listeners: dict[tuple[str, int], _MemoryListener],
        where: tuple[str, int],
        serve: Callable[[Stream], Awaitable[None]],
        tls: ServerTls | None,
        report: Callable[[str, Exception], None],
    ) -> None:
        self._listeners = listeners
        self._where = where
        self._serve = serve
        self._tls = tls
        self._scope = TaskScope(report)
        self.port = where[1]

    def accept(self, stream: Stream) -> None:
        begin_session(self._scope, stream, self._serve, self._tls)

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        self._listeners.pop(self._where, None)
        if grace_s > 0:
            try:
                async with asyncio.timeout(grace_s):
                    await self._scope.settled()
            except TimeoutError:
                pass  # those still running are cancelled below
        await self._scope.close()


def _raise(name: str, error: Exception) -> None:
    raise RuntimeError(f"{name} failed") from error
