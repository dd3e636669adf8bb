"""A stream that cuts, dribbles, or shows another certificate when a fault plan says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from desktopmail.net.errors import ClosedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ClientTls, ServerTls, TlsInfo

T = TypeVar("T")


class FaultyStream:
    """Stands in for a session's stream; without a fault it only passes everything on.

    Attributes:
        left: Octets that may still go out before the connection is dropped; None for no end.
        dribbles: Octets go out one by one.
        other_tls: Used for the next handshake instead of the server's own.
        owner: The session's faults.
        is_waiting: The session waits for its client, and has nothing to answer.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._pending = bytearray()
        self.left: int | None = None
        self.dribbles = False
        self.other_tls: ServerTls | None = None
        self.owner: object = None
        self.is_waiting = True
        self.peer = stream.peer
        self.peer_host = stream.peer_host
        self.local = stream.local

    @property
    def tls(self) -> TlsInfo | None:
        """What the handshake agreed on, or None."""
        return self._stream.tls

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self._stream.is_closed

    @property
    def is_congested(self) -> bool:
        """Whether the socket takes no more for now, or octets wait for `drain`."""
        return bool(self._pending) or self._stream.is_congested

    @property
    def has_ended(self) -> bool:
        """Whether the client sends no more."""
        return self._stream.has_ended

    async def read(self, until: float | None = None) -> bytes:
        """Return what has arrived."""
        self.is_waiting = True
        octets = await self._stream.read(until)
        self.is_waiting = False
        return octets

    async def attend(
        self, take: Callable[[bytes], T | None], until: Callable[[], float] | None = None
    ) -> T:
        """Give what arrives to `take`, until it returns something."""
        self.is_waiting = True
        found = await self._stream.attend(take, until)
        self.is_waiting = False
        return found

    def unread(self, octets: bytes) -> None:
        """Put octets back that were read too far."""
        self._stream.unread(octets)

    def write(self, octets: bytes | memoryview) -> None:
        """Send octets, or keep them for `drain` to send them one by one."""
        if self.left is None and not self.dribbles:
            self._stream.write(octets)
            return
        if self.left is not None:
            octets = octets[: self.left]
            self.left -= len(octets)
        self._pending += octets
        if not self.dribbles:
            self._write_pending()
        if self.left == 0:
            # What was written before goes out when the session's end closes the stream.
            raise ClosedError("The fault plan cut the connection.", code="closed")

    async def drain(self) -> None:
        """Wait until the socket has taken enough; dribbled octets go out here."""
        while self._pending:
            octet = bytes(self._pending[:1])
            del self._pending[:1]
            self._stream.write(octet)
            await self._stream.drain()
        await self._stream.drain()

    async def send(self, octets: bytes | memoryview) -> None:
        """Write and drain."""
        if self.left is None and not self.dribbles:
            await self._stream.send(octets)
            return
        self.write(octets)
        await self.drain()

    async def start_tls(self, tls: ClientTls | ServerTls) -> TlsInfo:
        """Go on inside TLS, with the other certificate when a fault gave one."""
        other, self.other_tls = self.other_tls, None
        self._write_pending()  # the answer to STARTTLS: nobody may drain it before the handshake
        self.is_waiting = True
        return await self._stream.start_tls(tls if other is None else other)

    def abort(self) -> None:
        """Cut the connection."""
        self._stream.abort()

    def reset(self) -> None:
        """Reset the connection: the peer's system sees an RST."""
        self._stream.reset()

    async def aclose(self) -> None:
        """Close in order."""
        if self._pending and not self._stream.is_closed:
            self._write_pending()
        await self._stream.aclose()

    def _write_pending(self) -> None:
        if self._pending:
            self._stream.write(bytes(self._pending))
            self._pending.clear()
