"""What the server was told: frozen values with the defaults of the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_PORTS = {
    "smtp": 2525, "submission": 2587, "submissions": 2465, "pop3": 2110, "pop3s": 2995,
    "imap": 2143, "imaps": 2993, "api": 2080,
}  # fmt: skip
STANDARD_PORTS = {
    "smtp": 25, "submission": 587, "submissions": 465, "pop3": 110, "pop3s": 995,
    "imap": 143, "imaps": 993, "api": 2080,
}  # fmt: skip
_DOMAIN = re.compile(r"[\w-]+(\.[\w-]+)*")
_MOST_OCTETS = 253  # RFC 1035 section 2.3.4, without the length octets of the ends
IMPLICIT_TLS = frozenset({"submissions", "pop3s", "imaps"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server, one address and one session may take.

    Attributes:
        sessions: Open connections in all.
        sessions_per_address: Open connections from one address.
        sessions_before_login: Open connections that have not logged in.
        login_s: From the greeting to a login.
        command_s: Between two commands of a session, and for one command to arrive whole; a message
            has more, as long as it comes with a thousand octets a second, averaged over this time.
        idle_s: Without a command after the login (30 minutes for IMAP, RFC 9051 section 5.4).
        send_s: For a peer to take what was written.
        output_octets: Written and not yet taken by the peer, after which the session waits.
        failures: Logins of one session that came to nothing (a wrong password, a broken or given up
            exchange), after which it ends.
        recipients: Recipients of one message.
        messages_per_minute: Submitted by one user.
        spool_octets: Messages a quarter above this size go to disk as they arrive.
    """

    sessions: int = 2000
    sessions_per_address: int = 2000
    sessions_before_login: int = 500
    login_s: float = 60.0
    command_s: float = 300.0
    idle_s: float = 1860.0
    send_s: float = 120.0
    output_octets: int = 4 * 1024 * 1024
    failures: int = 5
    recipients: int = 1000
    messages_per_minute: int = 600
    spool_octets: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that can be set, by option or in the TOML file.

    Attributes:
        data: Folder of the server, or None for memory.
        host: Address to bind.
        listen: Port of each protocol (`smtp`, `submission`, …, `api`); 0 is a free one, a protocol
            that is absent is not served.
        domain: The server's own mail domain, in A-labels: it is said where nothing else may be
            (RFC 6531 section 3.7.1); `localhost` always counts as well.
        domains: Further local domains.
        catch_all: User who gets mail for unknown local addresses, or None.
        without: Capabilities and extensions that are switched off, in upper case (`STARTTLS`,
            `PIPELINING`, `CONDSTORE`, `AUTH=SCRAM-SHA-256`, `APOP`, …).
        plaintext_login: Login without TLS is allowed away from loopback too.
        relay: `capture`, `mx`, or `smarthost=HOST:PORT`.
        tokens: Access token to the user it was given to, for OAUTHBEARER and XOAUTH2.
        client_ca: PEM file of authorities whose certificates log clients in by SASL EXTERNAL, under
            the mail address or common name in them; None for no EXTERNAL.
        anonymous: User whose mail clients without a name see (SASL ANONYMOUS); None lets none in.
        strict: Submission refuses what the lenient mode would mend, and POP3 what a client that
            did not say UTF8 should not see (RFC 6856).
        max_message_octets: SIZE and APPENDLIMIT.
        quota_octets: Of each user, None for no limit.
        aliases: Local part to user names or addresses.
        limits: Abuse limits.
        certificate: PEM chain of one's own, with `key`; None for the local CA.
        filters: Tables of the filter chain of submission, as in the TOML file.
    """

    data: Path | None = None
    host: str = "127.0.0.1"
    listen: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_PORTS))
    domain: str = "localhost"
    domains: frozenset[str] = frozenset()
    catch_all: str | None = None
    without: frozenset[str] = frozenset()
    plaintext_login: bool = False
    relay: str = "capture"
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    client_ca: Path | None = None
    anonymous: str | None = None
    strict: bool = False
    max_message_octets: int = 50 * 1024 * 1024
    quota_octets: int | None = None
    aliases: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    certificate: Path | None = None
    key: Path | None = None
    filters: tuple[dict[str, object], ...] = ()

    def __post_init__(self) -> None:
        if not self.domain.isascii():
            from desktopmail.mime.address import to_ascii  # tables of IDNA, for few

            object.__setattr__(self, "domain", to_ascii(self.domain) or self.domain)

    @property
    def earning_octets(self) -> int:
        """Octets of one command that give it time: a message twice too large is heard to its end.

        A client that does not ask for SIZE learns so why it is refused; one without end has an end.
        """
        return 2 * self.max_message_octets

    @property
    def local_domains(self) -> frozenset[str]:
        """Every domain whose mail is kept here, in lower case; an IDN in U-labels and A-labels."""
        return _local_domains(self.domain, self.domains)

    def offers(self, capability: str) -> bool:
        """Whether an extension is on; names are compared without regard to case."""
        return capability.upper() not in self.without

    def merged(self, **given: Any) -> Config:  # noqa: ANN401  fields of this class
        """Return this with the values that were given; None means that it was not."""
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    def login_allowed(self, *, tls: bool, peer: str) -> bool:
        """Whether a password may be taken on this connection (else LOGINDISABLED, no USER).

        Args:
            tls: The connection is encrypted.
            peer: Address of the other end (`127.0.0.1:40000`, `[::1]:40000`).
        """
        return tls or self.plaintext_login or is_loopback(peer)


@lru_cache(maxsize=64)  # asked for with each recipient
def _local_domains(domain: str, domains: frozenset[str]) -> frozenset[str]:
    names = {domain.lower(), "localhost", *(each.lower() for each in domains)}
    international = {name for name in names if not name.isascii() or "xn--" in name}
    if international:
        from desktopmail.mime.address import to_ascii, to_unicode  # tables of IDNA, for few

        names |= {to_unicode(name).lower() for name in international}
        names |= {to_ascii(name) or name for name in international}
    return frozenset(names)


def is_domain(text: str) -> bool:
    """Whether a text can be a mail domain; what is international stands in U-labels as well."""
    from desktopmail.net.identity import to_a_label  # tables of IDNA, for few

    try:
        return _DOMAIN.fullmatch(text) is not None and len(to_a_label(text)) <= _MOST_OCTETS
    except ValueError:
        return False


def sharing(listen: Mapping[str, int]) -> tuple[str, str] | None:
    """Return the first two protocols that are to have the same port, or None; 0 is any port."""
    taken: dict[int, str] = {}
    for name, port in listen.items():
        if port and port in taken:
            return taken[port], name
        taken[port] = name
    return None


def is_loopback(peer: str) -> bool:
    """Whether an address, with or without a port, is this machine's own."""
    host = peer.rpartition(":")[0] if peer.count(":") == 1 or peer.startswith("[") else peer
    host = host.strip("[]")
    return host.startswith("127.") or host in {"::1", "localhost", "::ffff:127.0.0.1"}
