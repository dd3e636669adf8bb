"""What discovery asks of the DNS: SRV and MX records; one that does not answer has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.dns import DnsResolver
from desktopmail.net.errors import UnreachableError

if TYPE_CHECKING:
    from desktopmail.net.dns import SrvRecord

TIMEOUT_S = 5.0


async def srv(service: str, domain: str) -> list[SrvRecord]:
    """The SRV records of a service of a domain, the preferred one first."""
    try:
        return await DnsResolver(timeout_s=TIMEOUT_S).srv(f"{service}._tcp.{domain}")
    except UnreachableError:
        return []  # discovery goes on with its other sources


async def mx(domain: str) -> list[str]:
    """The mail exchangers of a domain, the preferred one first."""
    try:
        found = await DnsResolver(timeout_s=TIMEOUT_S).mx(domain)
    except UnreachableError:
        return []
    return [one.host for one in found if one.host]
