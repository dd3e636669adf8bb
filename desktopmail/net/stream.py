"""One connection: octets in both directions with flow control, and TLS when it is asked for."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar, cast

from desktopmail.net.deadline import deadline
from desktopmail.net.errors import ClosedError, NetError, TlsError
from desktopmail.net.layer import TlsLayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.tls import ClientTls, ServerTls, TlsInfo

T = TypeVar("T")

# What a reader gets at once, and how much may wait for it before the socket is not read any more.
READ_OCTETS = 256 * 1024
_HIGH_WATER = 2 * READ_OCTETS
_LOW_WATER = READ_OCTETS // 2
# What may wait for the socket before `drain` waits.
_WRITE_HIGH_WATER = 512 * 1024
# How long the last octets and the peer's answer to close_notify are waited for.
_CLOSE_TIMEOUT_S = 2.0

# Probes after two minutes of silence, every half minute, four times: where the system lets us say
# so.
_KEEPALIVE = [
    (getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 120), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 4))
    if hasattr(socket, name)
]
# Octets that nobody acknowledges for so long end the connection (Linux): without it a write into a
# network that is gone is repeated for a quarter of an hour.
_USER_TIMEOUT_MS = 30_000
_TCP_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
# Linux only: see `StreamProtocol._acknowledge`.
_TCP_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
# The loop reads so much at once: where it did, more is here, and the ACK goes with that. Asking for
# it each time takes a fiftieth of a first sync.
_WHOLE_READ = 256 * 1024


class Stream:
    """A connection to one peer; made by `net.dial`, `net.listen` or `net.memory`.

    One task reads, one task writes (it may be the same).

    Attributes:
        peer: Address and port of the other end, for messages.
        local: Our own.
    """

    def __init__(self, protocol: StreamProtocol) -> None:
        self._protocol = protocol
        self.peer = protocol.address("peername")
        self.local = protocol.address("sockname")

    @property
    def peer_host(self) -> str:
        """The address of the other end alone, without port and brackets."""
        return self.peer.rpartition(":")[0].removeprefix("[").removesuffix("]")

    @property
    def tls(self) -> TlsInfo | None:
        """What the handshake agreed on, or None in the clear."""
        return self._protocol.tls

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self._protocol.is_closed

    @property
    def is_congested(self) -> bool:
        """Whether the socket takes no more for now, so that `drain` would wait."""
        return self._protocol.is_congested

    @property
    def has_ended(self) -> bool:
        """Whether the peer sends no more; it may still read what is written."""
        return self._protocol.has_ended

    async def read(self, until: float | None = None) -> bytes:
        """Return what has arrived, waiting for at least one octet; b"" at the end.

        Args:
            until: When to give up, by the loop's clock; None for never.

        Raises:
            TimeoutError: Nothing had arrived by then; the stream can be read on.
            ClosedError: The connection was cut.
            TlsError: What came inside TLS cannot be read.
        """
        return await self._protocol.read(until)

    async def attend(
        self, take: Callable[[bytes], T | None], until: Callable[[], float] | None = None
    ) -> T:
        """Give everything that arrives to `take` at once, until it returns something; return that.

        `take` is called by the loop itself, without waking a task: what it can answer on the spot
        costs no turn of the loop. It gets b"" at the end of the stream, and has to return something
        then. What it raises is raised here.

        Args:
            take: Must not wait. May write; when the stream `is_congested`, it should return, so
                that somebody waits for the socket.
            until: When to give up, by the loop's clock, asked when that time has come; while one
                call lasts, it may only move to later.

        Raises:
            TimeoutError: `take` had not returned anything by then.
            ClosedError: The connection was cut.
            TlsError: What came inside TLS cannot be read.
        """
        return await self._protocol.attend(take, until)

    def unread(self, octets: bytes) -> None:
        """Put octets back that were read too far; the next `read` returns them first."""
        self._protocol.unread(octets)

    def write(self, octets: bytes | memoryview) -> None:
        """Send octets; call `drain` between large ones.

        Raises:
            ClosedError: The connection is closed.
        """
        self._protocol.write(octets)

    async def drain(self) -> None:
        """Wait until the socket has taken enough of what was written.

        Raises:
            ClosedError: The connection was cut.
        """
        await self._protocol.drain()

    async def send(self, octets: bytes | memoryview) -> None:
        """Write and drain, in pieces, so that little is held twice.

        Raises:
            ClosedError: The connection is closed or was cut.
        """
        if len(octets) <= READ_OCTETS:
            self._protocol.write(octets)
            await self._protocol.drain()
            return
        view = memoryview(octets)
        for begin in range(0, len(view), READ_OCTETS):
            self._protocol.write(view[begin : begin + READ_OCTETS])
            await self._protocol.drain()

    async def start_tls(self, tls: ClientTls | ServerTls) -> TlsInfo:
        """Go on inside TLS.

        A server writes its answer ("+OK begin TLS") and calls this without awaiting anything
        between: what is already here then came before the answer, in the clear.

        Raises:
            TlsError: The handshake failed or the certificate is not to be trusted; code
                `tls-injection` when octets had come in the clear that nobody read. The connection
                is closed.
            TimedOutError: It took too long. The connection is closed.
            ClosedError: The connection ended.
        """
        try:
            async with deadline(
                tls.timeout_s,
                f"{self.peer} did not finish the TLS handshake in {tls.timeout_s:g} s.",
                remedy="Check port and security: STARTTLS and TLS use different ports.",
            ):
                return await self._protocol.start_tls(tls)
        except BaseException:
            self._protocol.abort_after_flush()
            raise

    def abort(self) -> None:
        """Close at once; what was written and not sent yet is lost."""
        self._protocol.abort()

    def reset(self) -> None:
        """Close at once with a reset, as a crashed peer's system does; for fault plans."""
        self._protocol.reset()

    async def aclose(self) -> None:
        """Send what was written, say goodbye in TLS, and close; never raises, never hangs."""
        await self._protocol.aclose()


class StreamProtocol(asyncio.Protocol):
    """The side of a stream that the loop calls.

    Args:
        server: Whether we accepted the connection.
    """

    def __init__(self, *, server: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._server = server
        self._owes_ack = False  # octets came, and none of ours took the ACK for them along
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._eof = False
        self._reading_paused = False
        self._reader: asyncio.Future[Any] | None = None
        self._take: Callable[[bytes], Any] | None = None  # gets what arrives while a task attends
        self._until: Callable[[], float] | None = None  # when the reader gives up
        self._timer: asyncio.TimerHandle | None = None
        self._writing_paused = False
        self._drainers: set[asyncio.Future[None]] = set()
        self._error: NetError | None = None
        self._closing = False
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._layer: TlsLayer | None = None
        self._handshake: asyncio.Future[TlsInfo] | None = None
        self.tls: TlsInfo | None = None

    # --- what the loop calls -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITE_HIGH_WATER)
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # An IDLE that waits behind a router which forgot us would otherwise wait for ever.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in _KEEPALIVE:
                connected.setsockopt(socket.IPPROTO_TCP, option, value)
            if not self._server and _TCP_USER_TIMEOUT is not None:
                connected.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
            self._socket = connected

    def data_received(self, data: bytes) -> None:
        """Take octets from the socket."""
        self._owes_ack = len(data) < _WHOLE_READ
        if self._layer is None:
            self._give(data)
        else:
            self._layer.receive(data)
            self._pump_tls()

    def eof_received(self) -> bool:
        """The peer will send no more; we may still."""
        if self._layer is not None:
            self._layer.receive_eof()
            self._pump_tls()
        self._eof = True
        self._wake_reader()
        return True

    def pause_writing(self) -> None:
        """The socket takes no more for now."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The socket takes more again."""
        self._writing_paused = False
        self._wake_drainers()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if self._error is None and (exc is not None or not self._eof):
            if exc is None:
                self._error = ClosedError("The connection is closed.", code="closed")
            else:
                self._error = ClosedError(
                    f"The connection to {self.address('peername')} was cut ({_reason(exc)}).",
                    remedy="Try again.",
                    code="reset",
                )
                self._error.__cause__ = exc
        self._closing = True
        self._socket = None
        self._stop_timer()
        if not self._lost.done():
            self._lost.set_result(None)
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(self._closed_error())
        self._wake_reader()
        self._wake_drainers()

    # --- what the stream calls -----------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be written any more."""
        return self._closing

    @property
    def is_congested(self) -> bool:
        """Whether the socket takes no more for now."""
        return self._writing_paused

    @property
    def has_ended(self) -> bool:
        """Whether the peer sends no more."""
        return self._eof

    def address(self, name: str) -> str:
        """`peername` or `sockname` as text."""
        found = self._transport.get_extra_info(name) if self._transport is not None else None
        if isinstance(found, tuple) and len(found) >= 2:
            return f"[{found[0]}]:{found[1]}" if ":" in found[0] else f"{found[0]}:{found[1]}"
        return str(found or "unknown")

    async def read(self, until: float | None = None) -> bytes:
        """See `Stream.read`."""
        if not self._chunks:
            if not self._eof:
                if self._error is None and not self._lost.done():
                    await self._wait_for_octets(None if until is None else lambda: until)
                if not self._chunks and not self._eof:
                    raise self._closed_error()
            if not self._chunks:
                if isinstance(self._error, TlsError):
                    raise self._error
                return b""
        return self._waiting_octets()

    async def attend(
        self, take: Callable[[bytes], T | None], until: Callable[[], float] | None
    ) -> T:
        """See `Stream.attend`."""
        while True:
            found: T | None = None
            if self._chunks:
                found = take(self._waiting_octets())
            elif self._eof:
                if isinstance(self._error, TlsError):
                    raise self._error
                found = take(b"")
                if found is None:
                    raise RuntimeError("nobody attends to a stream that has ended")
            elif self._error is not None or self._lost.done():
                raise self._closed_error()
            else:
                found = await self._wait_for_octets(until, take)
            if found is not None:
                return found

    def unread(self, octets: bytes) -> None:
        """See `Stream.unread`."""
        if octets:
            self._chunks.appendleft(octets)
            self._size += len(octets)

    def write(self, octets: bytes | memoryview) -> None:
        """See `Stream.write`."""
        if self._closing or self._transport is None:
            raise self._closed_error()
        if self._layer is None:
            self._owes_ack = False
            if not self._transport.is_closing():  # else it broke, and we are about to be told
                self._transport.write(octets)
            return
        if self.tls is None:
            raise RuntimeError("nothing can be written during a handshake")
        self._layer.write(bytes(octets) if isinstance(octets, memoryview) else octets)
        self._flush_tls()

    async def drain(self) -> None:
        """See `Stream.drain`."""
        if self._lost.done():
            raise self._closed_error()
        if not self._writing_paused:
            return
        waiter = self._loop.create_future()
        self._drainers.add(waiter)
        try:
            await waiter
        finally:
            self._drainers.discard(waiter)
        if self._lost.done():
            raise self._closed_error()

    async def start_tls(self, tls: ClientTls | ServerTls) -> TlsInfo:
        """See `Stream.start_tls`."""
        if self._layer is not None:
            raise RuntimeError("TLS has been started already")
        if self._chunks:
            raise TlsError(
                f"{self.address('peername')} sent octets in the clear behind the start of TLS.",
                remedy="Somebody may be between you and the server: nothing was sent.",
                code="tls-injection",
            )
        if self._closing or self._eof:
            raise self._closed_error()
        name = getattr(tls, "server_name", None) or self.address("peername")
        self._layer = TlsLayer(tls, name)
        self._handshake = self._loop.create_future()
        self._pump_tls()
        return await self._handshake

    def abort(self) -> None:
        """See `Stream.abort`."""
        self._closing = True
        self._stop_timer()
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """See `Stream.reset`."""
        if self._socket is not None and self._transport is not None:
            connected = self._transport.get_extra_info("socket")
            # Linger for no time at all: the system sends RST instead of FIN.
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort_after_flush(self) -> None:
        """Close, giving an alert in the buffer the chance of one write."""
        if self._transport is not None and not self._lost.done():
            self._closing = True
            if self._transport.get_write_buffer_size() == 0:
                self._transport.close()
            else:
                self._transport.abort()

    async def aclose(self) -> None:
        """See `Stream.aclose`."""
        if self._transport is None:
            return
        self._stop_timer()
        if not self._closing:
            self._closing = True
            if self._layer is not None and self.tls is not None:
                self._layer.close()
                self._flush_tls()
            self._transport.close()
        if self._lost.done():
            return
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await asyncio.shield(self._lost)
        except TimeoutError:
            self._transport.abort()
            await asyncio.shield(self._lost)
        except asyncio.CancelledError:
            self._transport.abort()
            raise

    # --- private -------------------------------------------------------------------------------

    def _give(self, octets: bytes) -> None:
        if self._closing:
            return
        if self._take is not None and self._reader is not None and not self._reader.done():
            self._offer(octets, self._take, self._reader)
            return
        self._chunks.append(octets)
        self._size += len(octets)
        if self._size > _HIGH_WATER and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()
        self._wake_reader()

    def _resume_reading(self) -> None:
        self._reading_paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _offer(
        self, octets: bytes, take: Callable[[bytes], Any], reader: asyncio.Future[Any]
    ) -> None:
        try:
            found = take(octets)
        except Exception as error:  # noqa: BLE001 - it is raised in the task that attends
            if not reader.done():
                reader.set_exception(error)
            return
        if found is not None:
            if not reader.done():
                reader.set_result(found)
        elif self._owes_ack:
            self._acknowledge()

    def _waiting_octets(self) -> bytes:
        if len(self._chunks) == 1:
            octets = self._chunks.popleft()
        else:
            octets = b"".join(self._chunks)
            self._chunks.clear()
        self._size = 0
        if self._reading_paused:
            self._resume_reading()
        return octets

    async def _wait_for_octets(
        self, until: Callable[[], float] | None, take: Callable[[bytes], T | None] | None = None
    ) -> T | None:
        if self._reader is not None:
            raise RuntimeError("two tasks read from one stream")
        if self._owes_ack:
            self._acknowledge()
        self._reader = self._loop.create_future()
        self._take, self._until = take, until
        # One timer outlives many reads, each of which only moves its time: a timer of its own for
        # every command costs more than the command's answer.
        if until is not None:
            when = until()
            if self._timer is None or self._timer.when() > when:
                self._start_timer(when)
        try:
            return cast("T | None", await self._reader)
        finally:
            self._reader = self._take = self._until = None

    def _acknowledge(self) -> None:
        # A peer that writes in two segments (a client imaplib's APPEND and any DATA, a server its
        # replies to a pipelined group) waits with the second for our ACK (Nagle's rule), which
        # Linux delays by 40 ms unless told so after each read.
        self._owes_ack = False
        if self._socket is not None and _TCP_QUICKACK is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, _TCP_QUICKACK, 1)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_timer(self, when: float) -> None:
        self._stop_timer()
        self._timer = self._loop.call_at(when, self._check_time)

    def _check_time(self) -> None:
        timer, self._timer = self._timer, None
        if self._until is None or timer is None:
            return  # nobody waits; the next read starts it again
        until = self._until()
        if until > timer.when():
            self._start_timer(until)
        elif self._reader is not None and not self._reader.done():
            self._reader.set_exception(TimeoutError("nothing arrived in time"))

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _wake_drainers(self) -> None:
        for waiter in self._drainers:
            if not waiter.done():
                waiter.set_result(None)

    def _closed_error(self) -> NetError:
        error = self._error
        if error is None:
            return ClosedError("The connection is closed.", code="closed")
        # A fresh one each time: an exception that is raised twice gathers tracebacks.
        if isinstance(error, TlsError):
            return TlsError(
                error.sentence, remedy=error.remedy, code=error.code, certificate=error.certificate
            )
        return type(error)(error.sentence, remedy=error.remedy, code=error.code)

    def _pump_tls(self) -> None:
        layer = cast("TlsLayer", self._layer)
        try:
            if self.tls is None:
                info = layer.handshake()
                self._flush_tls()
                if info is None:
                    return
                self.tls = info
                if self._handshake is not None and not self._handshake.done():
                    self._handshake.set_result(info)
            chunks = layer.read()
            if chunks:
                self._give(chunks[0] if len(chunks) == 1 else b"".join(chunks))
            self._flush_tls()  # answers to key updates
        except TlsError as error:
            self._fail(error)
            return
        if layer.at_eof:
            self._eof = True
            self._wake_reader()

    def _flush_tls(self) -> None:
        octets = cast("TlsLayer", self._layer).take_output()
        if octets and self._transport is not None and not self._transport.is_closing():
            self._owes_ack = False
            self._transport.write(octets)

    def _fail(self, error: TlsError) -> None:
        self._error = error
        self._flush_tls()  # the alert
        self._closing = True
        if self._handshake is not None and not self._handshake.done():
            self._handshake.set_exception(error)
        self._wake_reader()
        self._wake_drainers()
        if self._transport is not None:
            self._transport.close()


def _reason(error: Exception) -> str:
    """What the system says of an error, without its number."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
