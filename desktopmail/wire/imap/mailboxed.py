"""Commands whose one argument is the name of a mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Mailboxed:
    """The base of commands that name one mailbox.

    Attributes:
        mailbox: Its name.
    """

    mailbox: str

    name: ClassVar[bytes] = b""

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        return cls(read_mailbox(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(self.name + b" ")
        write_mailbox(writer, self.mailbox)
