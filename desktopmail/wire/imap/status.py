"""STATUS: how many messages a mailbox holds, without opening it."""

# status         = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"   ; RFC 9051 section 9
# status-att     = "MESSAGES" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / "DELETED" / "SIZE"
# status-att     =/ "RECENT" / "HIGHESTMODSEQ" / "MAILBOXID" / "APPENDLIMIT" / "DELETED-STORAGE"
#                                           ; RFC 3501, RFC 7162, RFC 8474, RFC 7889, RFC 9208
# status-att-val = ("MESSAGES" SP number) / …

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final, Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


class StatusItem(Enum):
    """What can be asked of a mailbox."""

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    DELETED = b"DELETED"
    SIZE = b"SIZE"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    MAILBOXID = b"MAILBOXID"
    APPENDLIMIT = b"APPENDLIMIT"
    DELETED_STORAGE = b"DELETED-STORAGE"


_ITEMS: Final = {item.value: item for item in StatusItem}
_NAME = re.compile(rb"[A-Za-z0-9.-]++")


def _decode_item(cursor: Cursor) -> StatusItem:
    name = cursor.match(_NAME, "an item of STATUS").upper()
    if name not in _ITEMS:
        raise cursor.error("an item of STATUS")
    return _ITEMS[name]


def decode_items(cursor: Cursor) -> tuple[StatusItem, ...]:
    """Read the items a client asks for, in parentheses."""
    return tuple(cursor.parenthesised(_decode_item, empty=False))


def encode_items(writer: Writer, items: tuple[StatusItem, ...]) -> None:
    """Write the items to ask for, in parentheses."""
    if not items:
        raise LocalProtocolError("STATUS asks for one item at the least")
    writer.words(item.value for item in items)


@dataclass(frozen=True, slots=True)
class Status:
    """Ask for numbers of a mailbox."""

    mailbox: str
    items: tuple[StatusItem, ...]

    name: ClassVar[bytes] = b"STATUS"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        mailbox = read_mailbox(cursor)
        cursor.sp()
        return cls(mailbox, decode_items(cursor))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        writer.raw(b"STATUS ")
        write_mailbox(writer, self.mailbox)
        writer.sp()
        encode_items(writer, self.items)


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """The numbers of a mailbox.

    Attributes:
        mailbox: Its name.
        values: Numbers by item; what was not told is missing. APPENDLIMIT NIL is -1.
        mailbox_id: MAILBOXID (OBJECTID).
    """

    mailbox: str
    values: tuple[tuple[StatusItem, int], ...] = ()
    mailbox_id: str | None = None

    def __getitem__(self, item: StatusItem) -> int:
        """Return a number that was told."""
        for name, value in self.values:
            if name is item:
                return value
        raise KeyError(item)

    def get(self, item: StatusItem) -> int | None:
        """Return a number, or None when it was not told."""
        return next((value for name, value in self.values if name is item), None)

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"STATUS ")
        write_mailbox(writer, self.mailbox)
        words = [
            b"%b %b" % (item.value, b"NIL" if value < 0 else b"%d" % value)
            for item, value in self.values
        ]
        writer.raw(b" (" + b" ".join(words))
        if self.mailbox_id is not None:
            writer.raw(b" MAILBOXID (" if words else b"MAILBOXID (")
            writer.atom(self.mailbox_id.encode("ascii", "replace"))
            writer.raw(b")")
        writer.raw(b")")


def decode_status(cursor: Cursor) -> StatusResponse:
    """Read a response behind its name."""
    cursor.sp()
    mailbox = read_mailbox(cursor)
    cursor.sp()
    cursor.expect(b"(")
    values: list[tuple[StatusItem, int]] = []
    mailbox_id: str | None = None
    cursor.spaces()
    while not cursor.skip(b")"):
        name = cursor.match(_NAME, "an item of STATUS").upper()
        cursor.sp()
        item = _ITEMS.get(name)
        if item is StatusItem.MAILBOXID:
            cursor.expect(b"(")
            mailbox_id = cursor.astring().decode("ascii", "replace")
            cursor.expect(b")")
        elif item is None:
            cursor.skip_value()
        else:
            values.append((item, -1 if cursor.nil() else cursor.number64()))
        if not cursor.skip_sp() and not cursor.peek(b")"):
            raise cursor.error("a space or the end of the list")
    return StatusResponse(mailbox, tuple(values), mailbox_id)
