"""RENAME: another name for a mailbox and all below it (RFC 9051 section 6.3.6)."""

# rename = "RENAME" SP mailbox SP mailbox

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Rename:
    """Rename a mailbox; renaming INBOX moves what is in it."""

    mailbox: str
    new: str

    name: ClassVar[bytes] = b"RENAME"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        mailbox = read_mailbox(cursor)
        cursor.sp()
        return cls(mailbox, read_mailbox(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"RENAME ")
        write_mailbox(writer, self.mailbox)
        writer.sp()
        write_mailbox(writer, self.new)
