"""Dialling through a SOCKS5 proxy (RFC 1928, with the passwords of RFC 1929)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from desktopmail.net.deadline import deadline
from desktopmail.net.dial import DIAL_TIMEOUT_S
from desktopmail.net.endpoint import join_host_port
from desktopmail.net.errors import ClosedError, NetError, UnreachableError
from desktopmail.net.identity import is_address, to_a_label

if TYPE_CHECKING:
    from desktopmail.net.dial import Dialer
    from desktopmail.net.stream import Stream
    from desktopmail.net.tls import ClientTls
    from desktopmail.wire.secret import Secret

_VERSION = 5
_NO_AUTHENTICATION = 0
_BY_PASSWORD = 2
_NONE_ACCEPTABLE = 0xFF
_CONNECT = 1
_IPV4, _NAME, _IPV6 = 1, 3, 4
_ADDRESS_OCTETS = {_IPV4: 4, _IPV6: 16}

# RFC 1928 section 6: what the proxy says, our code, what to do.
_REPLIES: dict[int, tuple[str, str, str]] = {
    1: ("the proxy failed", "proxy", "Try again later."),
    2: ("the proxy's rules do not allow it", "proxy", "Ask its administrator."),
    3: ("the network cannot be reached from the proxy", "unreachable", "Try again later."),
    4: ("the host cannot be reached from the proxy", "no-such-host", "Check the host name."),
    5: ("the connection was refused", "refused", "Check the port, and whether the server runs."),
    6: ("the connection timed out behind the proxy", "timed-out", "Check host, port and network."),
    7: ("the proxy does not know CONNECT", "proxy", "Use a SOCKS5 proxy."),
    8: ("the proxy does not take this kind of address", "proxy", "Give a host name."),
}


class SocksDialer:
    """Dials through a proxy, which also looks the host up: nothing about it leaves this machine.

    Args:
        inner: How the proxy itself is dialled.
        host: Of the proxy.
        port: Of the proxy.
        user: Name for the proxy, or None.
        password: For the proxy, or None.
    """

    def __init__(
        self,
        inner: Dialer,
        host: str,
        port: int = 1080,
        *,
        user: str | None = None,
        password: Secret | None = None,
    ) -> None:
        self._inner = inner
        self._host = host
        self._port = port
        self._user = user
        self._password = password

    async def dial(
        self,
        host: str,
        port: int,
        *,
        tls: ClientTls | None = None,
        timeout_s: float = DIAL_TIMEOUT_S,
    ) -> Stream:
        """Connect through the proxy (see `Dialer.dial`).

        Raises:
            UnreachableError: The proxy cannot be reached, refuses us, or cannot reach the host.
        """
        where = join_host_port(host, port)
        stream = await self._inner.dial(self._host, self._port, timeout_s=timeout_s)
        try:
            async with deadline(timeout_s, f"{self._where} did not reach {where} in time."):
                await self._negotiate(stream, host, port)
            if tls is not None:
                await stream.start_tls(tls)
        except ClosedError as error:
            raise self._failed("closed the connection") from error
        except BaseException:
            stream.abort()
            raise
        return stream

    @property
    def _where(self) -> str:
        return f"The proxy {join_host_port(self._host, self._port)}"

    async def _negotiate(self, stream: Stream, host: str, port: int) -> None:
        reader = _Reader(stream)
        methods = [_NO_AUTHENTICATION]
        if self._user is not None and self._password is not None:
            methods.append(_BY_PASSWORD)
        stream.write(bytes([_VERSION, len(methods), *methods]))
        version, method = await reader.take(2)
        if version != _VERSION:
            raise self._failed("does not speak SOCKS5")
        if method == _BY_PASSWORD and _BY_PASSWORD in methods:
            await self._log_in(stream, reader)
        elif method not in methods:
            raise self._failed("wants another way to log in")
        stream.write(bytes([_VERSION, _CONNECT, 0]) + _address(host) + port.to_bytes(2, "big"))
        version, reply, _, kind = await reader.take(4)
        if version != _VERSION:
            raise self._failed("does not speak SOCKS5")
        if reply != 0:
            words, code, remedy = _REPLIES.get(reply, ("the proxy refused", "proxy", ""))
            where = join_host_port(host, port)
            raise UnreachableError(f"{where}: {words}.", remedy=remedy, code=code)
        # The address that the proxy is bound to is of no use, but has to be read.
        if kind == _NAME:
            (size,) = await reader.take(1)
        elif kind in _ADDRESS_OCTETS:
            size = _ADDRESS_OCTETS[kind]
        else:
            raise self._failed("does not speak SOCKS5")
        await reader.take(size + 2)
        # The server may have greeted already.
        stream.unread(reader.rest)

    async def _log_in(self, stream: Stream, reader: _Reader) -> None:
        name = (self._user or "").encode()
        password = self._password.reveal().encode() if self._password is not None else b""
        if not 0 < len(name) < 256 or not 0 < len(password) < 256:
            raise self._failed("takes names and passwords of 1 to 255 octets only")
        stream.write(b"\x01" + bytes([len(name)]) + name + bytes([len(password)]) + password)
        _, status = await reader.take(2)
        if status != 0:
            raise UnreachableError(
                f"{self._where} refused the login of {self._user}.",
                remedy="Check the name and the password of the proxy.",
                code="proxy",
            )

    def _failed(self, words: str) -> NetError:
        return UnreachableError(
            f"{self._where} {words}.", remedy="Check the settings of the proxy.", code="proxy"
        )


class _Reader:
    """Takes exact counts of octets; what was read too far stays in `rest`."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.rest = b""

    async def take(self, size: int) -> bytes:
        while len(self.rest) < size:
            more = await self._stream.read()
            if not more:
                raise ClosedError("The proxy closed the connection.", code="closed")
            self.rest += more
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken


def _address(host: str) -> bytes:
    if is_address(host):
        address = ipaddress.ip_address(host.partition("%")[0])
        return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed
    try:
        name = to_a_label(host).encode("ascii")
    except ValueError as error:
        raise UnreachableError(
            f"There is no host called {host}.", remedy="Check its spelling.", code="no-such-host"
        ) from error
    if len(name) > 255:
        raise UnreachableError(
            f"The host name {host[:40]}… is too long.", remedy="Check it.", code="no-such-host"
        )
    return bytes([_NAME, len(name)]) + name
