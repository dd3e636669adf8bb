"""STARTTLS: go on inside TLS (RFC 9051 section 6.2.1)."""

from __future__ import annotations

from typing import ClassVar

from desktopmail.wire.imap.bare import Bare


class StartTls(Bare):
    """Ask to go on inside TLS; nothing may be sent before that has happened."""

    __slots__ = ()

    name: ClassVar[bytes] = b"STARTTLS"
