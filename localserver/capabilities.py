"""The names of everything that `--without` and the administration API can switch off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.sasl.policy import offer
from localserver.config_file import ConfigError
from localserver.imap import capability as imap
from localserver.pop3 import capability as pop3
from localserver.smtp import offer as smtp

if TYPE_CHECKING:
    from collections.abc import Iterable


def known() -> dict[str, tuple[str, ...]]:
    """Return the names by protocol, sorted; what several share stands in each."""
    mechanisms = [f"AUTH={name}" for name in _mechanisms()]
    return {
        "imap": _sorted(imap.ALWAYS, imap.AFTER_LOGIN, mechanisms, ["STARTTLS"]),
        "pop3": _sorted(pop3.TAGS, mechanisms, ["APOP", "CAPA", "STARTTLS", "STLS"]),
        "smtp": _sorted(smtp.KEYWORDS, mechanisms, ["AUTH", "REQUIRETLS", "STARTTLS"]),
    }


def unknown(names: Iterable[str]) -> list[str]:
    """Return those of the names that switch nothing off, sorted."""
    every = {"TLS", *(name.upper() for names in known().values() for name in names)}
    return sorted(name for name in names if name.upper() not in every)


def check(names: Iterable[str]) -> None:
    """Refuse what switches nothing off.

    Raises:
        ConfigError: A name is none of a capability.
    """
    if wrong := unknown(names):
        raise ConfigError(f"{wrong[0]} is no capability that could be switched off.")


def _mechanisms() -> list[str]:
    return list(
        offer(
            tls=True, allow_clear=True, secrets=True, tokens=True, binding=True, external=True,
            anonymous=True,
        )
    )  # fmt: skip


def _sorted(*names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({name for each in names for name in each}))
