"""IDLE: the server speaks when something happens, until the client says DONE (RFC 2177)."""

from __future__ import annotations

from typing import ClassVar

from desktopmail.wire.imap.bare import Bare


class Idle(Bare):
    """Wait for news; ended by a line `DONE` without a tag."""

    __slots__ = ()

    name: ClassVar[bytes] = b"IDLE"


DONE: bytes = b"DONE"
"""The line that ends an IDLE; in any case of letters."""
