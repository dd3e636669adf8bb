"""LOGOUT: the end that both sides know of (RFC 9051 section 6.1.3)."""

from __future__ import annotations

from typing import ClassVar

from desktopmail.wire.imap.bare import Bare


class Logout(Bare):
    """Ask for the end of the connection."""

    __slots__ = ()

    name: ClassVar[bytes] = b"LOGOUT"
