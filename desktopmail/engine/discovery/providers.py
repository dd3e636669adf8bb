"""The table of large providers, read from `resources/autoconfig/providers.toml`."""

from __future__ import annotations

import datetime as dt
import tomllib

import msgspec

from desktopmail import resources
from desktopmail.door.commands import ServerSettings
from desktopmail.door.queries import DiscoveredAccount
from desktopmail.door.rows import Kind, Security
from desktopmail.net.endpoint import split_host_port


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider; servers are HOST:PORT, inside TLS but for `submission`, which starts it."""

    domains: tuple[str, ...]
    mx: tuple[str, ...] = ()
    imap: str = ""
    pop3: str = ""
    submissions: str = ""
    submission: str = ""
    note: str = ""
    app_passwords: str = ""
    browser_only: bool = False


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    compiled: dt.date
    provider: tuple[Provider, ...]


def load() -> Table:
    """Read the table."""
    text = resources.path("autoconfig", "providers.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Table)


def of_domain(table: Table, domain: str, address: str) -> list[DiscoveredAccount]:
    """What the table says of a domain, IMAP first."""
    for provider in table.provider:
        if domain in provider.domains:
            return _accounts(provider, address, "the table of providers")
    return []


def note_on(table: Table, host: str) -> str:
    """What the owner of an account at a server has to know about logging in there, or empty."""
    name = host.rstrip(".").lower()
    for provider in table.provider:
        servers = (provider.imap, provider.pop3, provider.submissions, provider.submission)
        if any(where and split_host_port(where)[0] == name for where in servers):
            return _note(provider)
    return ""


def of_mx(table: Table, hosts: list[str], address: str) -> list[DiscoveredAccount]:
    """The provider whose servers receive the mail of a domain."""
    for provider in table.provider:
        for host in hosts:
            name = host.rstrip(".").lower()
            if any(name == suffix or name.endswith("." + suffix) for suffix in provider.mx):
                return _accounts(provider, address, f"the mail exchanger {name}")
    return []


def _accounts(provider: Provider, address: str, source: str) -> list[DiscoveredAccount]:
    outgoing = (
        _server(provider.submissions, Security.TLS, address)
        if provider.submissions
        else _server(provider.submission, Security.STARTTLS, address)
    )
    return [
        DiscoveredAccount(
            kind=kind,
            incoming=_server(where, Security.TLS, address),
            outgoing=outgoing,
            source=source,
            note=_note(provider),
            browser_only=provider.browser_only,
        )
        for kind, where in ((Kind.IMAP, provider.imap), (Kind.POP3, provider.pop3))
        if where
    ]


def _note(provider: Provider) -> str:
    return " ".join(filter(None, (provider.note, provider.app_passwords)))


def _server(where: str, security: Security, address: str) -> ServerSettings:
    host, port = split_host_port(where)
    return ServerSettings(host=host, port=port, security=security, user=address)
