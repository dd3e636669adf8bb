"""UTF8: messages may have UTF-8 in their headers (RFC 6856 section 2)."""

from __future__ import annotations

from dataclasses import dataclass

from desktopmail.wire.pop3.command import Command
from desktopmail.wire.pop3.state import AUTHORIZATION


@dataclass(frozen=True, slots=True)
class Utf8(Command[None]):
    """`UTF8`; STLS must not come behind it."""

    keyword = b"UTF8"
    states = AUTHORIZATION
