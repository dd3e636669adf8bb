"""Incoming connections: one coroutine for each, and nothing left behind at the end."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, cast

from desktopmail.net.endpoint import join_host_port
from desktopmail.net.errors import ListenError, NetError
from desktopmail.net.stream import Stream, StreamProtocol
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.net.dial import Address, SocketAddress
    from desktopmail.net.tls import ServerTls

_BACKLOG = 1024
_TURNS_TO_HAND_ON = 3  # a task is begun, makes its transport, and that tells its protocol
_log = logging.getLogger(__name__)


class Listener(Protocol):
    """An open listener."""

    @property
    def port(self) -> int:
        """The port it is bound to."""

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        """Accept no more, give running sessions `grace_s` seconds, then cancel them."""


class Listen(Protocol):
    """Opens listeners; `listen` is the one of this machine."""

    async def __call__(
        self,
        host: str,
        port: int,
        serve: Callable[[Stream], Awaitable[None]],
        *,
        tls: ServerTls | None = None,
        report: Callable[[str, Exception], None] | None = None,
    ) -> Listener:
        """Open one (see `listen`)."""


async def listen(
    host: str,
    port: int,
    serve: Callable[[Stream], Awaitable[None]],
    *,
    tls: ServerTls | None = None,
    report: Callable[[str, Exception], None] | None = None,
) -> Listener:
    """Accept connections and run `serve` for each, in a task of its own.

    The stream is closed when `serve` ends, however it ends. A `NetError` that leaves `serve` is the
    end of one connection, nothing more; any other error goes to `report`.

    Args:
        host: Address or name; a name with several addresses is bound on each, at one port.
        port: TCP port; 0 picks a free one.
        serve: The session.
        tls: Start TLS before `serve` is called.
        report: Takes the name and the error of a session that failed; None logs them.

    Raises:
        ListenError: The port is in use, or may not be used; the sentence names it.
    """
    sockets = _bind(await _addresses(host, port), host, port)
    listener = _TcpListener(serve, tls, report or _log_failure)
    await listener.start(sockets)
    return listener


class _TcpListener:
    def __init__(
        self,
        serve: Callable[[Stream], Awaitable[None]],
        tls: ServerTls | None,
        report: Callable[[str, Exception], None],
    ) -> None:
        self._serve = serve
        self._tls = tls
        self._scope = TaskScope(report)
        self._servers: list[asyncio.Server] = []
        self._sockets: list[socket.socket] = []
        self.port = 0

    async def start(self, sockets: list[socket.socket]) -> None:
        loop = asyncio.get_running_loop()
        for bound in sockets:
            self._servers.append(
                await loop.create_server(self._accept, sock=bound, backlog=_BACKLOG)
            )
        self._sockets = sockets
        self.port = sockets[0].getsockname()[1]

    @property
    def sessions(self) -> int:
        return self._scope.busy

    async def aclose(self, *, grace_s: float = 0.0) -> None:
        await self._accept_no_more()
        if grace_s > 0 and self._scope.busy:
            try:
                async with asyncio.timeout(grace_s):
                    await self._scope.settled()
            except TimeoutError:
                pass  # those still running are cancelled below
        await self._scope.close()

    async def _accept_no_more(self) -> None:
        """Close the listening sockets.

        asyncio's servers forget a connection that they have taken from the system and not handed on
        yet, and leave it open (CPython up to 3.12): so those are handed on before.
        """
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):  # Windows, where no reader is waited for
            while self._sockets:
                loop.remove_reader(self._sockets.pop())
        for _ in range(_TURNS_TO_HAND_ON):
            await asyncio.sleep(0)
        for server in self._servers:
            server.close()

    def _accept(self) -> StreamProtocol:
        return _ServedProtocol(self._begin)

    def _begin(self, protocol: StreamProtocol) -> None:
        begin_session(self._scope, Stream(protocol), self._serve, self._tls)


class _ServedProtocol(StreamProtocol):
    def __init__(self, begin: Callable[[StreamProtocol], None]) -> None:
        super().__init__(server=True)
        self._begin = begin

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._begin(self)


def begin_session(
    scope: TaskScope,
    stream: Stream,
    serve: Callable[[Stream], Awaitable[None]],
    tls: ServerTls | None,
) -> None:
    """Run a session in a task of its own; its stream is closed also where that cannot begin."""
    task = scope.spawn(_run_session(stream, serve, tls), name=f"session {stream.peer}")
    if task is None:
        stream.abort()
    else:
        # One that is cancelled before its first step never comes to its own end.
        task.add_done_callback(lambda _: stream.abort())


async def _run_session(
    stream: Stream, serve: Callable[[Stream], Awaitable[None]], tls: ServerTls | None
) -> None:
    """Run one session to its end, and close its stream."""
    try:
        if tls is not None:
            await stream.start_tls(tls)
        await serve(stream)
    except NetError as error:
        _log.debug("%s: %s", stream.peer, error)
    except asyncio.CancelledError:
        stream.abort()
        raise
    finally:
        await stream.aclose()


async def _addresses(host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise ListenError(
            f"There is no address called {host} on this machine.",
            remedy="Use 127.0.0.1, ::1, 0.0.0.0 or the name of an interface.",
            code="no-such-address",
        ) from error
    return list(
        dict.fromkeys(
            (family, cast("SocketAddress", address)) for family, _, _, _, address in found
        )
    )


def _bind(addresses: list[Address], host: str, port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in addresses:
            bound = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(bound)
            if hasattr(socket, "SO_REUSEADDR") and hasattr(socket, "AF_UNIX"):  # not on Windows
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            bound.setblocking(False)
            # Port 0: the second address takes the port that the first was given.
            bound.bind((address[0], port or _port_of(sockets[0]), *address[2:]))
    except OSError as error:
        for bound in sockets:
            bound.close()
        # "localhost" may have an IPv6 address where the machine has none.
        if error.errno == errno.EADDRNOTAVAIL and len(addresses) > 1 and len(sockets) > 1:
            return _bind(addresses[: len(sockets) - 1], host, port)
        raise _listen_error(error, host, port) from error
    return sockets


def _port_of(bound: socket.socket) -> int:
    return int(bound.getsockname()[1])


def _listen_error(error: OSError, host: str, port: int) -> ListenError:
    where = join_host_port(host, port)
    if error.errno == errno.EADDRINUSE:
        return ListenError(
            f"Port {port} on {host} is in use by another program.",
            remedy="Choose another port, or 0 for a free one.",
            code="port-in-use",
        )
    if error.errno == errno.EACCES:
        return ListenError(
            f"Port {port} may not be opened by this user.",
            remedy="Choose a port from 1024 on.",
            code="not-permitted",
        )
    return ListenError(
        f"{where} cannot be listened on: {error.strerror or error}.",
        remedy="Check the address.",
        code="no-such-address",
    )


def _log_failure(name: str, error: Exception) -> None:
    _log.error("%s failed", name, exc_info=error)
