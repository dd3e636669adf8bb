"""The last resort: is there a mail server under one of the names that such servers have?

What answers has to show a certificate for its name before it counts, and is told no name and no
password: it greets, says what it offers, and is left.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.commands import ServerSettings
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import Kind, Security
from desktopmail.net.deadline import deadline
from desktopmail.net.endpoint import Endpoint
from desktopmail.net.endpoint import Security as NetSecurity
from desktopmail.net.errors import NetError
from desktopmail.net.imap import ImapClient
from desktopmail.net.pop3 import Pop3Client
from desktopmail.net.ports import system_ports
from desktopmail.net.smtp import SmtpClient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: For everything, however many names are tried: they are tried side by side.
TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server may be."""

    service: str  # imap, pop3, submission
    host: str
    port: int
    security: Security


# What mail servers are called, and their ports: TLS from the first octet before STARTTLS
# (RFC 8314).
_NAMES = {
    "imap": ("imap.{}", "mail.{}", "{}"),
    "pop3": ("pop3.{}", "pop.{}", "mail.{}", "{}"),
    "submission": ("smtp.{}", "mail.{}", "{}"),
}
_PORTS = {
    "imap": ((993, Security.TLS), (143, Security.STARTTLS)),
    "pop3": ((995, Security.TLS), (110, Security.STARTTLS)),
    "submission": ((465, Security.TLS), (587, Security.STARTTLS)),
}


def places(service: str, domain: str) -> list[Place]:
    """Where a service of a domain may be, the likeliest and best protected first."""
    return [
        Place(service, name.format(domain), port, security)
        for port, security in _PORTS[service]
        for name in _NAMES[service]
    ]


async def answers(place: Place) -> bool:
    """Whether a server of this service answers there, inside TLS and under its own name."""
    endpoint = Endpoint(
        place.host, place.port, NetSecurity(place.security.value), timeout_s=TIMEOUT_S
    )
    ports = system_ports()
    try:
        async with deadline(TIMEOUT_S, f"{endpoint.authority} did not answer in time."):
            if place.service == "submission":
                client: SmtpClient | ImapClient | Pop3Client = await SmtpClient.connect(
                    endpoint, ports=ports, local_name="[127.0.0.1]"
                )
            elif place.service == "imap":
                client = await ImapClient.connect(endpoint, ports=ports)
            else:
                client = await Pop3Client.connect(endpoint, ports=ports)
            await client.aclose()
    except NetError:
        return False  # nobody, or nobody to be trusted
    return True


async def accounts(
    domain: str, address: str, ask: Callable[[Place], Awaitable[bool]]
) -> list[DiscoveredAccount]:
    """Try all places side by side, and return the best that answer; IMAP first."""
    tried = {service: places(service, domain) for service in _NAMES}
    every = [place for found in tried.values() for place in found]
    there = dict(zip(every, await asyncio.gather(*map(ask, every)), strict=True))
    best = {
        service: next((place for place in found if there[place]), None)
        for service, found in tried.items()
    }
    outgoing = best["submission"]
    if outgoing is None:
        return []
    return [
        DiscoveredAccount(
            kind=kind,
            incoming=_settings(incoming, address),
            outgoing=_settings(outgoing, address),
            source=f"a server that answers at {incoming.host}",
        )
        for kind in (Kind.IMAP, Kind.POP3)
        if (incoming := best[kind.value]) is not None
    ]


def _settings(place: Place, address: str) -> ServerSettings:
    return ServerSettings(host=place.host, port=place.port, security=place.security, user=address)
