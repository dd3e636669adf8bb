"""Errors of the network as sentences of the door."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import NO_KEYRING, Security

if TYPE_CHECKING:
    from desktopmail.door.commands import ServerSettings
    from desktopmail.net.errors import NetError

# What the network calls "credentials" is what a program that drives us waits for.
_CODES = {"credentials": "auth-failed"}


#: Trying again by ourselves would not help: a person has to do something first.
NEEDS_A_PERSON = frozenset(
    {
        "auth-failed", "no-password", "cleartext", "no-mechanism", "policy", "certificate",
        "downgrade", "bad-proxy", *NO_KEYRING,
    }
)  # fmt: skip


def door_error(error: NetError) -> DoorError:
    """Return what a client of the door is told of an error of the network."""
    return DoorError(error.sentence, remedy=error.remedy, code=_CODES.get(error.code, error.code))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name alone: nothing is looked up."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def may_go_in_clear(server: ServerSettings, *, allowed: bool) -> bool:
    """Whether a password may be sent readably: inside TLS, to this machine, or by consent."""
    return server.security is not Security.NONE or allowed or is_loopback(server.host)


def refuse_cleartext(server: ServerSettings, *, allowed: bool) -> None:
    """Stop before anything is said to a server in the clear beyond this machine.

    Raises:
        DoorError: Nobody agreed to that.
    """
    if not may_go_in_clear(server, allowed=allowed):
        raise DoorError(
            f"The connection to {server.host} would not be encrypted: password and mail could be"
            " read by everybody on the way.",
            remedy="Use --security tls or starttls, or agree to it in the account's settings.",
            code="cleartext",
        )
