"""Discovery: all sources side by side, the best success wins and says where it came from."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from desktopmail.door.interface import DoorError
from desktopmail.door.queries import Discovered, DiscoveredAccount
from desktopmail.engine.discovery import autoconfig, names, probe, providers, srv, web
from desktopmail.mime import address as addresses

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.engine.discovery.probe import Place
    from desktopmail.net.dns import SrvRecord


@dataclass(frozen=True, slots=True)
class Sources:
    """What is asked; a test puts its own in the place of the network.

    Attributes:
        fetch: Address and size cap to octets, or None.
        srv: Service and domain to records.
        mx: Domain to hosts.
        probe: Place to whether a server answers there.
    """

    fetch: Callable[[str, int], Awaitable[bytes | None]] = web.fetch
    srv: Callable[[str, str], Awaitable[list[SrvRecord]]] = names.srv
    mx: Callable[[str], Awaitable[list[str]]] = names.mx
    probe: Callable[[Place], Awaitable[bool]] = probe.answers


async def _no_file(_place: str, _max_octets: int) -> None:
    return None


async def _no_records(_service: str, _domain: str) -> list[SrvRecord]:
    return []


async def _no_hosts(_domain: str) -> list[str]:
    return []


async def _no_server(_place: Place) -> bool:
    return False


#: Asks nobody: the table of providers alone counts.
OFFLINE = Sources(_no_file, _no_records, _no_hosts, _no_server)


async def discover(address: str, sources: Sources | None = None) -> Discovered:
    """Find the servers of an address.

    Raises:
        DoorError: It is no address, or nothing is known: then servers have to be typed in.
    """
    ask = sources or Sources()
    domain = addresses.to_ascii(address.rpartition("@")[2].lower())
    if not addresses.is_valid(address) or domain is None:
        raise DoorError(f"{address} is no mail address.", code="bad-address")
    table = providers.load()
    known = providers.of_domain(table, domain, address)
    if known:
        return Discovered(accounts=tuple(known))
    if "." not in domain:  # of a machine or a house: nobody outside of it knows its servers
        raise _nothing_found(domain)
    configured, named, behind = await asyncio.gather(
        _configured(ask, domain, address), _named(ask, domain, address), ask.mx(domain)
    )
    found, notes = configured
    accounts = found or named or providers.of_mx(table, behind, address)
    if not accounts:
        accounts = await probe.accounts(domain, address, ask.probe)
    if not accounts:
        raise _nothing_found(domain)
    return Discovered(accounts=tuple(accounts), notes=tuple(notes))


def _nothing_found(domain: str) -> DoorError:
    return DoorError(
        f"No servers are known for {domain}.",
        remedy="Type in the servers that your provider names.",
        code="nothing-found",
    )


async def _configured(
    ask: Sources, domain: str, address: str
) -> tuple[list[DiscoveredAccount], list[str]]:
    """What the domain's own web servers say; one that says nonsense is a note, not an error."""
    places = (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={quote(address)}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )
    notes: list[str] = []
    answers = await asyncio.gather(*(_one(ask, place, notes) for place in places))
    for place, octets in zip(places, answers, strict=True):
        if octets is None:
            continue
        host = place.split("/")[2]
        try:
            found = autoconfig.parse(octets, address, f"the configuration at {host}")
        except ValueError as error:
            notes.append(f"The configuration at {host} was not used: {error}.")
            continue
        if found:
            return found, notes
    return [], notes


async def _one(ask: Sources, place: str, notes: list[str]) -> bytes | None:
    try:
        return await ask.fetch(place, autoconfig.MAX_OCTETS)
    except ValueError as error:
        notes.append(f"The configuration at {place.split('/')[2]} was not used: {error}.")
        return None


async def _named(ask: Sources, domain: str, address: str) -> list[DiscoveredAccount]:
    answers = await asyncio.gather(*(ask.srv(service, domain) for service in srv.SERVICES))
    return srv.accounts(dict(zip(srv.SERVICES, answers, strict=True)), address)
