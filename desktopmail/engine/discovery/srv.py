"""SRV records for mail (RFC 6186, RFC 8314): the servers a domain names in the DNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import ServerSettings
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import Kind, Security

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.net.dns import SrvRecord

#: In our order of preference: TLS from the first octet before STARTTLS, IMAP before POP3.
SERVICES = ("_imaps", "_imap", "_pop3s", "_pop3", "_submissions", "_submission")
_SECURITY = {True: Security.TLS, False: Security.STARTTLS}


def accounts(records: Mapping[str, Sequence[SrvRecord]], address: str) -> list[DiscoveredAccount]:
    """Return the accounts that SRV records name; an empty target says that there is none.

    Those of the protocol that the domain prefers, by the priority of its records, come first
    (RFC 6186 section 3.4).
    """
    best = {
        service: record
        for service in SERVICES
        if (record := _best(records.get(service, ()))) is not None
    }
    servers = {service: _server(service, record, address) for service, record in best.items()}
    outgoing = servers.get("_submissions") or servers.get("_submission")
    if outgoing is None:
        return []
    offered = [service for service in SERVICES[:4] if service in best]
    first = {
        kind: min(best[service].priority for service in offered if _kind(service) is kind)
        for kind in map(_kind, offered)
    }
    return [
        DiscoveredAccount(
            kind=_kind(service),
            incoming=servers[service],
            outgoing=outgoing,
            source="the domain's SRV records",
        )
        for service in sorted(offered, key=lambda one: first[_kind(one)])
    ]


def _kind(service: str) -> Kind:
    return Kind.IMAP if "imap" in service else Kind.POP3


def _best(records: Sequence[SrvRecord]) -> SrvRecord | None:
    usable = [one for one in records if one.target and one.port]
    return min(usable, key=lambda one: (one.priority, -one.weight), default=None)


def _server(service: str, record: SrvRecord, address: str) -> ServerSettings:
    return ServerSettings(
        host=record.target,
        port=record.port,
        security=_SECURITY[service.endswith("s")],
        user=address,
    )
