"""Images that a message loads from elsewhere, fetched only when its reader asks for them.

Without cookies, referrer or a name of ours; never from this machine or its network: a message could
otherwise make us ask the router for something.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import aiohttp
import truststore

from desktopmail.door.interface import DoorError
from desktopmail.door.queries import RemoteImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import AddrInfoType

MAX_OCTETS = 10 * 1024 * 1024
MAX_REDIRECTS = 5
TIMEOUT_S = 20.0
_OK = 200
_PORTS = {80, 443, None}
_MOVED = {301, 302, 303, 307, 308}
# IPv6 addresses that stand for an IPv4 one, or for the own site, and that `is_global` lets pass.
_STAND_INS = tuple(
    ipaddress.IPv6Network(net) for net in ("::/96", "64:ff9b::/96", "2002::/16", "fec0::/10")
)


def is_public(address: str) -> bool:
    """Whether an address belongs to the Internet, and not to this machine or its network."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and any(found in net for net in _STAND_INS):
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def sockets(allowed: Callable[[str], bool]) -> Callable[[AddrInfoType], socket.socket]:
    """Make the sockets of connections, to addresses that are allowed alone.

    That is where it is looked at, and nowhere before: whoever reads a URL may take its host for a
    name where another one finds an address in it ("127。0。0。1").

    Args:
        allowed: Whether an address may be connected to.
    """

    def made(found: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = found
        if not allowed(address[0]):
            raise OSError(None, f"{address[0]} is not on the Internet")
        return socket.socket(family, kind, protocol)

    return made


async def answer(url: str, *, offline: bool, proxied: bool) -> RemoteImage:
    """Fetch an image, unless we are offline or would go round a proxy.

    Raises:
        DoorError: It is not fetched: one sentence why.
    """
    if offline:
        raise DoorError("The image is not fetched while you work offline.", code="no-image")
    if proxied:
        raise DoorError(
            "The image is not fetched: that would go round your proxy.", code="no-image"
        )
    return await fetch(url)


async def fetch(url: str, *, allowed: Callable[[str], bool] = is_public) -> RemoteImage:
    """Fetch an image.

    Args:
        url: http or https, on their own ports.
        allowed: Whether an address may be connected to.

    Raises:
        DoorError: It is no image, too large, or not on the Internet.
    """
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    connector = aiohttp.TCPConnector(
        socket_factory=sockets(allowed), ssl=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    )
    try:
        async with aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Mozilla/5.0", "Accept": "image/*"},
        ) as session:
            for _ in range(MAX_REDIRECTS + 1):
                _refuse_place(url, allowed)
                async with session.get(url, allow_redirects=False) as response:
                    if response.status in _MOVED:
                        url = _moved(url, response.headers.get("Location", ""))
                        continue
                    return await _image(url, response)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _refused(
            url, f"it cannot be fetched ({str(error) or 'no answer in time'})"
        ) from error
    raise _refused(url, "it is redirected again and again")


def _moved(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise _refused(url, "it is redirected to an address that cannot be read") from error


async def _image(url: str, response: aiohttp.ClientResponse) -> RemoteImage:
    if response.status != _OK:
        raise _refused(url, f"its server says {response.status}")
    media_type = response.content_type.lower()
    if not media_type.startswith("image/") or media_type == "image/svg+xml":
        raise _refused(url, f"it is no image but {media_type}")
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_chunked(64 * 1024):
        size += len(piece)
        if size > MAX_OCTETS:
            raise _refused(url, "it is too large")
        pieces.append(piece)
    return RemoteImage(octets=b"".join(pieces), media_type=media_type)


def _refuse_place(url: str, allowed: Callable[[str], bool]) -> None:
    """Look at what a connection does not show: schemes, ports, and who is to log in."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, "its address cannot be read") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise _refused(url, "its address is not one of the web")
    if allowed is is_public and port not in _PORTS:
        raise _refused(url, f"it is at port {port}")


def _refused(url: str, why: str) -> DoorError:
    host = url.split("/")[2] if url.count("/") >= 2 else url
    return DoorError(f"The image at {host} is not shown: {why}.", code="no-image")
