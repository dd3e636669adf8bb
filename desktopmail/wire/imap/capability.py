"""CAPABILITY: what a server can do, asked or told."""

# capability-data = "CAPABILITY" *(SP capability) SP "IMAP4rev2" *(SP capability)   ; RFC 9051 s. 9
# enable-data     = "ENABLED" *(SP capability)

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from desktopmail.wire.imap.codes import ordered_capabilities

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

# What IMAP4rev2 holds without naming it (RFC 9051 appendix E and section 6.1.1).
IN_REV2: Final = frozenset({
    "NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "ENABLE", "IDLE", "SASL-IR",
    "LIST-EXTENDED", "LIST-STATUS", "MOVE", "LITERAL-", "BINARY", "SPECIAL-USE", "STATUS=SIZE",
    "CHILDREN",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Capability:
    """Ask what the server can do."""

    name: ClassVar[bytes] = b"CAPABILITY"

    @classmethod
    def decode(cls, _cursor: Cursor) -> Self:
        """Read what follows the name of the command: nothing."""
        return cls()

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(self.name)


@dataclass(frozen=True, slots=True)
class CapabilityResponse:
    """What the server can do; names are in upper case."""

    names: frozenset[str]

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"CAPABILITY")
        for name in ordered_capabilities(self.names):
            writer.sp()
            writer.atom(name.encode("ascii"))


def decode_names(cursor: Cursor) -> frozenset[str]:
    """Read names of capabilities to the end of the line, in upper case."""
    names: list[str] = []
    while cursor.skip_sp():
        if not cursor.at_end:
            cursor.count()
            names.append(cursor.atom().decode("ascii").upper())
    return frozenset(names)


def decode_capability(cursor: Cursor) -> CapabilityResponse:
    """Read a response behind its name."""
    return CapabilityResponse(decode_names(cursor))
