"""Fetching a small file over HTTPS: no redirects, no cookies, no proxies of the environment."""

from __future__ import annotations

import ssl

import aiohttp
import truststore

TIMEOUT_S = 8.0
_OK = 200


async def fetch(
    url: str, max_octets: int, *, context: ssl.SSLContext | None = None
) -> bytes | None:
    """Return what stands at an address, or None when it is not to be had.

    A redirect is not followed: where a password goes is for the domain itself to say.

    Args:
        url: HTTPS.
        max_octets: What is borne.
        context: Whom to trust; None for the system's authorities.

    Raises:
        ValueError: The address is not HTTPS, or what stands there is too large.
    """
    if not url.startswith("https://"):
        raise ValueError("where a password goes is never asked in the clear")
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    context = context or truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(url, allow_redirects=False, ssl=context) as response,
        ):
            if response.status != _OK:
                return None
            octets = await response.content.read(max_octets + 1)
            while len(octets) <= max_octets and not response.content.at_eof():
                octets += await response.content.read(max_octets + 1 - len(octets))
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None
    if len(octets) > max_octets:
        raise ValueError("it is too large")
    return octets
