"""What discovery asks of the DNS: SRV and MX records."""

from __future__ import annotations

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.IN.SRV

from desktopmail.engine.discovery.srv import Record

TIMEOUT_S = 5.0


async def srv(service: str, domain: str) -> list[Record]:
    """The SRV records of a service of a domain; none where the DNS does not answer."""
    answer = await _ask(f"{service}._tcp.{domain}", dns.rdatatype.SRV)
    return [
        Record(one.priority, one.weight, one.port, one.target.to_text())
        for one in answer
        if isinstance(one, dns.rdtypes.IN.SRV.SRV)
    ]


async def mx(domain: str) -> list[str]:
    """The mail exchangers of a domain, the preferred one first."""
    answer = await _ask(domain, dns.rdatatype.MX)
    found = [one for one in answer if isinstance(one, dns.rdtypes.ANY.MX.MX)]
    return [one.exchange.to_text() for one in sorted(found, key=lambda record: record.preference)]


async def _ask(name: str, kind: dns.rdatatype.RdataType) -> list[object]:
    try:
        resolver = dns.asyncresolver.Resolver()
        return list(await resolver.resolve(name, kind, lifetime=TIMEOUT_S))
    except (dns.exception.DNSException, OSError):
        return []
