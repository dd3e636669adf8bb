"""CREATE: a new mailbox, which may be made for a special use (RFC 6154)."""

# create       = "CREATE" SP mailbox [create-params]                 ; RFC 9051, RFC 4466
# create-param = "USE" SP "(" [use-attr *(SP use-attr)] ")"           ; RFC 6154 section 6

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.imap.list import Attribute, decode_attribute, encode_attributes
from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Create:
    r"""Make a mailbox.

    Attributes:
        mailbox: Its name.
        special_use: What it is for: `\Sent`, `\Trash` (CREATE-SPECIAL-USE).
    """

    mailbox: str
    special_use: frozenset[Attribute] = frozenset()

    name: ClassVar[bytes] = b"CREATE"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        mailbox = read_mailbox(cursor)
        special_use: frozenset[Attribute] = frozenset()
        if cursor.skip_sp():
            for attributes in cursor.parenthesised(_decode_parameter, empty=False):
                special_use |= attributes
        return cls(mailbox, special_use)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"CREATE ")
        write_mailbox(writer, self.mailbox)
        if self.special_use:
            writer.raw(b" (USE ")
            encode_attributes(writer, self.special_use)
            writer.raw(b")")


def _decode_parameter(cursor: Cursor) -> frozenset[Attribute]:
    if cursor.word() != b"USE":
        raise cursor.error("USE")
    cursor.sp()
    return frozenset(cursor.parenthesised(decode_attribute))
