"""NOOP and CHECK: nothing is done, and news may come (RFC 9051 section 6.1.2, RFC 3501 6.4.1)."""

from __future__ import annotations

from typing import ClassVar

from desktopmail.wire.imap.bare import Bare


class Noop(Bare):
    """Do nothing; the server may take the chance to tell what is new."""

    __slots__ = ()

    name: ClassVar[bytes] = b"NOOP"


class Check(Bare):
    """Ask for a checkpoint: of IMAP4rev1 only, and to a client nothing but a NOOP."""

    __slots__ = ()

    name: ClassVar[bytes] = b"CHECK"
