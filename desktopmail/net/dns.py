"""Names: where mail for a domain goes, and where its services are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from desktopmail.net.errors import UnreachableError
from desktopmail.net.identity import to_a_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LOOKUP_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class SrvRecord:
    """One server of a service (RFC 2782).

    Attributes:
        priority: The lowest is tried first.
        weight: Share among those of one priority.
        port: TCP port.
        target: Host name without the dot at its end; "" means "not offered here" (RFC 6186).
    """

    priority: int
    weight: int
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class MxRecord:
    """One mail exchanger of a domain (RFC 5321 section 5).

    Attributes:
        preference: The lowest is tried first.
        host: Without the dot at its end; "" means "takes no mail" (RFC 7505).
    """

    preference: int
    host: str


class Resolver(Protocol):
    """Looks names up.

    An empty answer means that the name exists and has no such records. Each method raises
    `UnreachableError` with code `no-such-host` when the name does not exist, and with `no-network`
    or `timed-out` when nobody can tell now.
    """

    async def srv(self, name: str) -> list[SrvRecord]:
        """Return the servers of a service (`_imaps._tcp.example.org`), by priority."""

    async def mx(self, domain: str) -> list[MxRecord]:
        """Return the mail exchangers of a domain, by preference."""

    async def txt(self, name: str) -> list[bytes]:
        """Return the texts of a name, each with its pieces joined."""

    async def addresses(self, host: str) -> list[str]:
        """Return the IPv6 and IPv4 addresses of a host."""


class DnsResolver:
    """Asks the name servers of this machine.

    Args:
        nameservers: Other ones to ask, as addresses; for tests with `port`.
        port: Of those.
        timeout_s: For one lookup, with its repetitions.
    """

    def __init__(
        self,
        nameservers: Iterable[str] | None = None,
        *,
        port: int = 53,
        timeout_s: float = LOOKUP_TIMEOUT_S,
    ) -> None:
        self._nameservers = list(nameservers) if nameservers is not None else None
        self._port = port
        self._timeout_s = timeout_s
        self._resolver: dns.asyncresolver.Resolver | None = None

    async def srv(self, name: str) -> list[SrvRecord]:
        """Return the servers of a service."""
        found = [
            SrvRecord(each.priority, each.weight, each.port, _host(each.target))
            for each in await self._ask(name, "SRV")
        ]
        return sorted(found, key=lambda each: (each.priority, -each.weight, each.target))

    async def mx(self, domain: str) -> list[MxRecord]:
        """Return the mail exchangers of a domain."""
        found = [
            MxRecord(each.preference, _host(each.exchange))
            for each in await self._ask(domain, "MX")
        ]
        return sorted(found, key=lambda each: (each.preference, each.host))

    async def txt(self, name: str) -> list[bytes]:
        """Return the texts of a name."""
        return [b"".join(each.strings) for each in await self._ask(name, "TXT")]

    async def addresses(self, host: str) -> list[str]:
        """Return the addresses of a host."""
        six = [each.address for each in await self._ask(host, "AAAA")]
        return six + [each.address for each in await self._ask(host, "A")]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            asked = to_a_label(name) + "."
            answer = await self._known().resolve(
                asked, kind, search=False, lifetime=self._timeout_s, raise_on_no_answer=False
            )
        except (
            dns.resolver.NXDOMAIN,
            dns.name.LabelTooLong,
            dns.name.EmptyLabel,
            ValueError,
        ) as no:
            raise UnreachableError(
                f"There is no name {name} in the DNS.",
                remedy="Check its spelling.",
                code="no-such-host",
            ) from no
        except dns.exception.Timeout as late:
            raise UnreachableError(
                f"The name server did not answer for {name} within {self._timeout_s:g} s.",
                remedy="Check the network connection.",
                code="timed-out",
            ) from late
        except (dns.exception.DNSException, OSError) as failed:
            raise UnreachableError(
                f"The name server cannot tell about {name}: {failed}.",
                remedy="Check the network and its name server.",
                code="no-network",
            ) from failed
        return list(answer.rrset) if answer.rrset is not None else []

    def _known(self) -> dns.asyncresolver.Resolver:
        # Read at the first lookup, and not when the program starts: it may start without a network.
        if self._resolver is None:
            if self._nameservers is None:
                self._resolver = dns.asyncresolver.Resolver()
            else:
                self._resolver = dns.asyncresolver.Resolver(configure=False)
                self._resolver.nameservers = list(self._nameservers)
                self._resolver.port = self._port
        return self._resolver


def in_order(records: Iterable[SrvRecord], draw: Callable[[int], int]) -> list[SrvRecord]:
    """Order servers as RFC 2782 says: by priority, and by weighted chance among equals.

    Args:
        records: The servers.
        draw: Returns a number from 0 to its argument, both included.
    """
    left = sorted(records, key=lambda each: (each.priority, each.weight > 0))
    ordered: list[SrvRecord] = []
    while left:
        equal = [each for each in left if each.priority == left[0].priority]
        mark = draw(sum(each.weight for each in equal))
        running = 0
        for chosen in equal:
            running += chosen.weight
            if running >= mark:
                ordered.append(chosen)
                left.remove(chosen)
                break
    return ordered


def _host(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).rstrip(".").lower()
