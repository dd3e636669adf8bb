"""COPY: messages go to another mailbox, which leaves the originals where they are."""

# copy = "COPY" SP sequence-set SP mailbox                             ; RFC 9051 section 9

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy messages; UIDs make it a `UID COPY`, answered with the code COPYUID."""

    numbers: UidSet | SeqSet
    mailbox: str

    name: ClassVar[bytes] = b"COPY"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Copy:
        """Read what follows the name of the command."""
        cursor.sp()
        numbers = (UidSet if uid else SeqSet).decode(cursor)
        cursor.sp()
        return cls(numbers, read_mailbox(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"UID COPY " if isinstance(self.numbers, UidSet) else b"COPY ")
        self.numbers.encode(writer)
        writer.sp()
        write_mailbox(writer, self.mailbox)
