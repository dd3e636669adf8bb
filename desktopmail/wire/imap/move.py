"""MOVE: messages go to another mailbox, which takes the originals away (RFC 6851)."""

# move = "MOVE" SP sequence-set SP mailbox                             ; RFC 9051 section 9

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Move:
    """Move messages; UIDs make it a `UID MOVE`, answered with the code COPYUID."""

    numbers: UidSet | SeqSet
    mailbox: str

    name: ClassVar[bytes] = b"MOVE"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Move:
        """Read what follows the name of the command."""
        cursor.sp()
        numbers = (UidSet if uid else SeqSet).decode(cursor)
        cursor.sp()
        return cls(numbers, read_mailbox(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"UID MOVE " if isinstance(self.numbers, UidSet) else b"MOVE ")
        self.numbers.encode(writer)
        writer.sp()
        write_mailbox(writer, self.mailbox)
