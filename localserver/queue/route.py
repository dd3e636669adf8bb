"""Where mail for a domain goes: MX records, the domain itself, or nowhere (RFC 5321, 7505)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from typing import Final

SMTP_PORT: Final = 25
# "at least the first two … addresses"; a zone with hundreds of records is not tried to its end.
_MOST_HOSTS: Final = 8


class NoRouteError(Exception):
    """There is no server for a domain.

    Attributes:
        status: Enhanced code.
        temporary: Asking again later may help.
    """

    def __init__(self, sentence: str, status: str, *, temporary: bool = False) -> None:
        super().__init__(sentence)
        self.status = status
        self.temporary = temporary


@dataclass(frozen=True, slots=True)
class Hop:
    """A server to hand a message to."""

    host: str
    port: int = SMTP_PORT


@dataclass(frozen=True, slots=True)
class Mx:
    """One MX record; `host` is empty for the root, which is what a null MX points to."""

    preference: int
    host: str


class Resolver(Protocol):
    """The part of DNS that routing needs."""

    async def mx(self, domain: str) -> list[Mx]:
        """Return the MX records; none when the domain has none but exists.

        Raises:
            NoRouteError: The domain does not exist (permanent), or nobody knows (temporary).
        """


class DnsResolver:
    """Asks the system's name servers."""

    async def mx(self, domain: str) -> list[Mx]:
        """Return the MX records."""
        # dnspython takes 50 ms to import, which a server that captures its mail need not spend.
        import dns.asyncresolver
        import dns.exception
        import dns.resolver

        try:
            answer = await dns.asyncresolver.resolve(domain, "MX")
        except dns.resolver.NoAnswer:
            return []
        except dns.resolver.NXDOMAIN as error:
            raise NoRouteError(f"The domain {domain} does not exist.", "5.1.2") from error
        except (dns.exception.DNSException, OSError) as error:
            raise NoRouteError(
                f"The name servers cannot be asked about {domain}: {error}.",
                "4.4.3",
                temporary=True,
            ) from error
        return [
            Mx(record.preference, record.exchange.to_text(omit_final_dot=True).strip("."))
            for record in answer
        ]


async def hops(domain: str, resolver: Resolver) -> list[Hop]:
    """Return the servers for a domain, in the order in which they are tried.

    Raises:
        NoRouteError: There are none.
    """
    if domain.startswith("["):
        return [Hop(domain[1:-1].removeprefix("IPv6:"))]
    records = await resolver.mx(domain)
    if not records:
        return [Hop(domain)]  # the implicit MX: its own address (section 5.1)
    named = [record for record in records if record.host]
    if not named:
        raise NoRouteError(f"The domain {domain} takes no mail (null MX).", "5.1.10")
    named.sort(key=lambda record: (record.preference, record.host))
    return [Hop(record.host) for record in named[:_MOST_HOSTS]]
