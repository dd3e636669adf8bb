"""SRV records for mail (RFC 6186, RFC 8314): the servers a domain names in the DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import ServerSettings
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import Kind, Security

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.net.dns import SrvRecord

#: In the order of preference: TLS from the first octet before STARTTLS, IMAP before POP3.
SERVICES = ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission")
_SECURITY = {True: Security.TLS, False: Security.STARTTLS}


def accounts(records: Mapping[str, Sequence[SrvRecord]], address: str) -> list[DiscoveredAccount]:
    """Return the accounts that SRV records name; an empty target says that there is none."""
    servers = {
        service: server
        for service in SERVICES
        if (server := _best(service, records.get(service, ()), address)) is not None
    }
    outgoing = servers.get("_submissions") or servers.get("_submission")
    if outgoing is None:
        return []
    return [
        DiscoveredAccount(
            kind=Kind.IMAP if "imap" in service else Kind.POP3,
            incoming=servers[service],
            outgoing=outgoing,
            source="the domain's SRV records",
        )
        for service in SERVICES[:4]
        if service in servers
    ]


def _best(service: str, records: Sequence[SrvRecord], address: str) -> ServerSettings | None:
    usable = [one for one in records if one.target and one.port]
    if not usable:
        return None
    best = min(usable, key=lambda one: (one.priority, -one.weight))
    return ServerSettings(
        host=best.target,
        port=best.port,
        security=_SECURITY[service.endswith("s")],
        user=address,
    )
