"""Outgoing connections: the first address that answers wins (RFC 8305)."""

from __future__ import annotations

import asyncio
import errno
import socket
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Protocol, cast

from desktopmail.net.deadline import deadline
from desktopmail.net.endpoint import join_host_port
from desktopmail.net.errors import NetError, TimedOutError, UnreachableError
from desktopmail.net.identity import to_a_label
from desktopmail.net.stream import Stream, StreamProtocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.net.tls import ClientTls

# RFC 8305 section 5: the recommended delay before the next address is tried beside the first.
ATTEMPT_DELAY_S = 0.25
DIAL_TIMEOUT_S = 30.0

SocketAddress = tuple[str | int, ...]
Address = tuple[int, SocketAddress]  # family and socket address


class Dialer(Protocol):
    """Opens connections."""

    async def dial(
        self,
        host: str,
        port: int,
        *,
        tls: ClientTls | None = None,
        timeout_s: float = DIAL_TIMEOUT_S,
    ) -> Stream:
        """Connect, and start TLS when `tls` is given.

        Args:
            host: Host name (may be IDN) or address.
            port: TCP port.
            tls: How to check the server; None leaves the connection in the clear.
            timeout_s: Seconds for each of looking up, connecting and the handshake.

        Raises:
            UnreachableError: Nobody answers there; the sentence names host and port.
            TlsError: TLS failed.
            TimedOutError: The handshake took too long.
        """


class TcpDialer:
    """Dials over TCP from this machine."""

    async def dial(
        self,
        host: str,
        port: int,
        *,
        tls: ClientTls | None = None,
        timeout_s: float = DIAL_TIMEOUT_S,
    ) -> Stream:
        """Connect (see `Dialer.dial`)."""
        where = join_host_port(host, port)
        try:
            async with deadline(timeout_s, f"Looking up {host} took longer than {timeout_s:g} s."):
                addresses = await resolve(host, port)
        except TimedOutError as error:
            raise UnreachableError(
                error.sentence, remedy="Check the network and its name server.", code="timed-out"
            ) from error
        try:
            async with deadline(timeout_s, f"{where} did not answer within {timeout_s:g} s."):
                protocol = await _race(addresses, where)
        except TimedOutError as error:
            raise UnreachableError(
                error.sentence,
                remedy="Check host, port and network; a firewall may drop the connection.",
                code="timed-out",
            ) from error
        stream = Stream(protocol)
        if tls is not None:
            await stream.start_tls(tls)
        return stream


async def resolve(host: str, port: int) -> list[Address]:
    """Look a host up and put its addresses into the order of RFC 8305 section 4.

    Raises:
        UnreachableError: There is no such host, or the network cannot tell.
    """
    try:
        name = to_a_label(host)
        found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, ValueError) as error:
        raise _lookup_error(error, host) from error
    except OSError as error:
        raise _unreachable(error, join_host_port(host, port)) from error
    families: dict[int, list[Address]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append((family, cast("SocketAddress", address)))
    interleaved = chain.from_iterable(zip_longest(*families.values()))
    return [entry for entry in interleaved if entry is not None]


async def _race(addresses: Sequence[Address], where: str) -> StreamProtocol:
    """Try each address, the next when the one before failed or is slow; keep the first."""
    errors: list[OSError] = []
    running: set[asyncio.Task[StreamProtocol]] = set()
    waiting = list(reversed(addresses))
    loop = asyncio.get_running_loop()
    winner: StreamProtocol | None = None
    try:
        while waiting or running:
            if waiting:
                running.add(loop.create_task(_attempt(waiting.pop()), name=f"dial {where}"))
            done, running = await asyncio.wait(
                running,
                timeout=ATTEMPT_DELAY_S if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    if winner is None:
                        winner = task.result()
                    else:
                        _let_go(task.result())
                elif isinstance(error, OSError):
                    errors.append(error)
                else:
                    raise error
            if winner is not None:
                return winner
    finally:
        await _end(running, winner)
    if not errors:
        raise UnreachableError(
            f"There is no address for {where}.", remedy="Check the host.", code="no-such-host"
        )
    # The first address is the preferred one, so its error tells most.
    raise _unreachable(errors[0], where) from errors[0]


async def _end(running: set[asyncio.Task[StreamProtocol]], winner: StreamProtocol | None) -> None:
    """End the attempts that nobody waits for; cancelled meanwhile, the one that won, too."""
    for task in running:
        task.cancel()
    try:
        for late in await asyncio.gather(*running, return_exceptions=True):
            _let_go(late)
    except BaseException:
        _let_go(winner)
        raise


def _let_go(outcome: object) -> None:
    """Close a connection that nobody gets."""
    if isinstance(outcome, StreamProtocol):
        outcome.abort()


async def _attempt(address: Address) -> StreamProtocol:
    loop = asyncio.get_running_loop()
    family, target = address
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        await loop.sock_connect(connecting, target)
        _, protocol = await loop.create_connection(StreamProtocol, sock=connecting)
    except BaseException:
        connecting.close()
        raise
    return protocol


def _lookup_error(error: Exception, host: str) -> UnreachableError:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return UnreachableError(
            f"The name server does not answer for {host}.",
            remedy="Check the network connection.",
            code="no-network",
        )
    return UnreachableError(
        f"There is no host called {host}.",
        remedy="Check its spelling and the network connection.",
        code="no-such-host",
    )


_REASONS: dict[int, tuple[str, str, str]] = {
    errno.ECONNREFUSED: (
        "refuses the connection",
        "Check the port, and whether the server is running.",
        "refused",
    ),
    errno.ETIMEDOUT: ("does not answer", "Check host, port and network.", "timed-out"),
    errno.EHOSTUNREACH: ("cannot be reached", "Check the address and the network.", "unreachable"),
    errno.ENETUNREACH: (
        "cannot be reached: there is no network connection",
        "Connect to a network and try again.",
        "no-network",
    ),
    errno.ECONNRESET: (
        "broke off the connection",
        "Check the port; the server may be overloaded.",
        "refused",
    ),
    errno.EADDRNOTAVAIL: ("is not a usable address", "Check host and port.", "unreachable"),
    errno.EACCES: ("may not be dialled from here", "Check the firewall.", "unreachable"),
}


def _unreachable(error: OSError, where: str) -> NetError:
    reason = error.strerror or str(error)
    words, remedy, code = _REASONS.get(
        error.errno or 0, (f"cannot be reached ({reason})", "Check host and port.", "unreachable")
    )
    return UnreachableError(f"{where} {words}.", remedy=remedy, code=code)
