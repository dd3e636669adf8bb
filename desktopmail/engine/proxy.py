"""The SOCKS5 proxy of a profile, or of one server, and who dials through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.engine import settings
from desktopmail.engine.errors import is_loopback
from desktopmail.net.endpoint import join_host_port, split_host_port
from desktopmail.net.proxy import SocksDialer
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.commands import ServerSettings, SetProxy
    from desktopmail.engine.secrets import Secrets
    from desktopmail.engine.working import Working
    from desktopmail.net.dial import Dialer

#: In place of a proxy: dial straight, whatever the profile says.
DIRECT = "none"
# The name is always looked up by the proxy, which is what curl calls socks5h.
_SCHEMES = ("socks5://", "socks5h://")
_FORM = "Write it as socks5://HOST:PORT or socks5://USER@HOST:PORT."


def refuse_what_is_none(*servers: ServerSettings) -> None:
    """Look at the proxies of servers before they are kept.

    Raises:
        DoorError: One is none, or holds a password, which would be kept in the clear.
    """
    for server in servers:
        Proxy.parse(server.proxy)


class ProxyPasswords(Protocol):
    """Where the passwords for proxies are."""

    async def of_proxy(self, where: str) -> Secret | None:
        """Return the password for USER@HOST:PORT, or None."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A SOCKS5 proxy (RFC 1928).

    Attributes:
        user: The name for it (RFC 1929), or empty.
    """

    host: str
    port: int
    user: str = ""

    @classmethod
    def parse(cls, text: str) -> Proxy | None:
        """Read `socks5://[USER@]HOST:PORT`; None for no proxy (empty, or `none`).

        Raises:
            DoorError: It is not of that form, or holds a password.
        """
        if text in {"", DIRECT}:
            return None
        place = next((text[len(one) :] for one in _SCHEMES if text.startswith(one)), None)
        if place is None:
            raise DoorError(
                f"“{text}” is no proxy.",
                remedy=_FORM,
                code="bad-proxy",
            )
        user, _, where = place.rpartition("@")
        if ":" in user:
            raise DoorError(
                "The password of a proxy does not stand in its address.",
                remedy="Give it on standard input, with --password-stdin.",
                code="bad-proxy",
            )
        try:
            host, port = split_host_port(where)
        except ValueError as error:
            raise DoorError(str(error), remedy=_FORM, code="bad-proxy") from error
        return cls(host, port, user)

    def __str__(self) -> str:
        """As `parse` reads it."""
        return f"socks5://{self.where}"

    @property
    def where(self) -> str:
        """`[USER@]HOST:PORT`, by which its password is kept."""
        at = f"{self.user}@" if self.user else ""
        return at + join_host_port(self.host, self.port)


class Proxies:
    """Finds the way to each server.

    Args:
        passwords: Where those of proxies are.
        default: The proxy of the profile; it may be set anew.
    """

    def __init__(self, passwords: ProxyPasswords, default: Proxy | None = None) -> None:
        self._passwords = passwords
        self.default = default

    def of(self, server: ServerSettings) -> Proxy | None:
        """The proxy that a server is reached through; None for the straight way.

        A server on this machine is reached straight unless it names a proxy itself.

        Raises:
            DoorError: What it names is none.
        """
        proxy = Proxy.parse(server.proxy)
        if proxy is None and server.proxy != DIRECT and not is_loopback(server.host):
            return self.default
        return proxy

    async def dialer(self, server: ServerSettings, straight: Dialer) -> Dialer:
        """Return what dials a server: straight, or through its proxy.

        Raises:
            DoorError: The password of the proxy cannot be got at.
        """
        proxy = self.of(server)
        if proxy is None:
            return straight
        password = await self._passwords.of_proxy(proxy.where) if proxy.user else None
        return SocksDialer(
            straight, proxy.host, proxy.port, user=proxy.user or None, password=password
        )


class ProxyChoice:
    """The proxy of the profile, as a person sets it.

    Args:
        proxies: Who dials by it from then on.
        secrets: Where its password is kept.
        working: What is open goes the old way, and begins again.
        path: The settings file, where it is remembered.
    """

    def __init__(self, proxies: Proxies, secrets: Secrets, working: Working, path: Path) -> None:
        self._proxies = proxies
        self._secrets = secrets
        self._working = working
        self._path = path

    async def set(self, command: SetProxy) -> Outcome:
        """Reach all servers beyond this machine through a proxy, or straight.

        Raises:
            DoorError: It is no proxy, or the settings cannot be read.
        """
        proxy = Proxy.parse(command.proxy)
        if proxy is not None and command.password is not None:
            await self._secrets.set_for_proxy(proxy.where, Secret(command.password.text))
        chosen = msgspec.structs.replace(
            settings.load(self._path), proxy="" if proxy is None else str(proxy)
        )
        settings.save(self._path, chosen)
        self._proxies.default = proxy
        await self._working.end_all()
        await self._working.begin_all()
        way = "straight" if proxy is None else f"through {proxy}"
        return Outcome(label=f"Servers are reached {way}")
