"""ENABLE: the client says which extensions may change what the server sends (RFC 5161)."""

# enable      = "ENABLE" 1*(SP capability)                           ; RFC 9051 section 9
# enable-data = "ENABLED" *(SP capability)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.capability import decode_names
from desktopmail.wire.imap.codes import ordered_capabilities

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

UTF8_SWITCHES: Final = frozenset({"UTF8=ACCEPT", "UTF8=ONLY", "IMAP4REV2"})
"""What makes names and quoted strings UTF-8 once it is enabled."""


@dataclass(frozen=True, slots=True)
class Enable:
    """Enable extensions; names in upper case."""

    names: frozenset[str]

    name: ClassVar[bytes] = b"ENABLE"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        names = decode_names(cursor)
        if not names:
            raise cursor.error("the name of an extension")
        return cls(names)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        if not self.names:
            raise LocalProtocolError("ENABLE names one extension at the least")
        writer.raw(self.name)
        for name in ordered_capabilities(self.names):
            writer.sp()
            writer.atom(name.encode("ascii", "replace"))


@dataclass(frozen=True, slots=True)
class EnabledResponse:
    """What was enabled by this command; names in upper case."""

    names: frozenset[str]

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"ENABLED")
        for name in ordered_capabilities(self.names):
            writer.sp()
            writer.atom(name.encode("ascii", "replace"))


def decode_enabled(cursor: Cursor) -> EnabledResponse:
    """Read a response behind its name."""
    return EnabledResponse(decode_names(cursor))
