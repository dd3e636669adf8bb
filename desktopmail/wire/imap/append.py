"""APPEND: messages go into a mailbox, several in one command with MULTIAPPEND (RFC 3502)."""

# append         = "APPEND" SP mailbox 1*append-message              ; RFC 9051 section 9, RFC 3502
# append-message = append-opts SP append-data
# append-opts    = [SP flag-list] [SP date-time]
# append-data    = literal / literal8 / "UTF8" SP "(" literal8 ")"   ; RFC 4466, RFC 6855

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.dates import decode_date_time, encode_date_time
from desktopmail.wire.imap.flags import Flag, decode_flags, encode_flags
from desktopmail.wire.imap.mailbox import read_mailbox, write_mailbox

if TYPE_CHECKING:
    from datetime import datetime

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class AppendMessage:
    """One message to be put into a mailbox.

    Attributes:
        octets: All of it. `Streamed` when they are not held: a server handed them on as they came,
            a client is given them piece by piece behind the command.
        flags: Its flags.
        date: Its INTERNALDATE; None lets the server take the time of arrival.
        utf8: Its header holds UTF-8 (RFC 6855), sent as `UTF8 (~{…})`.
    """

    octets: bytes | Streamed
    flags: frozenset[Flag] = frozenset()
    date: datetime | None = None
    utf8: bool = False


@dataclass(frozen=True, slots=True)
class Append:
    """Put messages into a mailbox: all of them or none."""

    mailbox: str
    messages: tuple[AppendMessage, ...]

    name: ClassVar[bytes] = b"APPEND"

    @classmethod
    def decode(cls, cursor: Cursor) -> Self:
        """Read what follows the name of the command."""
        cursor.sp()
        mailbox = read_mailbox(cursor)
        messages = [decode_message(cursor)]
        while not cursor.at_end:
            cursor.count()
            messages.append(decode_message(cursor))
        return cls(mailbox, tuple(messages))

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        if not self.messages:
            raise LocalProtocolError("APPEND carries one message at the least")
        writer.raw(b"APPEND ")
        write_mailbox(writer, self.mailbox)
        for message in self.messages:
            encode_message(writer, message)


def decode_message(cursor: Cursor) -> AppendMessage:
    """Read an append-message at the cursor."""
    cursor.sp()
    flags: frozenset[Flag] = frozenset()
    date: datetime | None = None
    if cursor.peek(b"("):
        flags = decode_flags(cursor)
        cursor.sp()
    if cursor.peek(b'"'):
        date = decode_date_time(cursor)
        cursor.sp()
    utf8 = cursor.octets[cursor.pos : cursor.pos + 6].upper() == b"UTF8 ("
    if utf8:
        cursor.pos += 6
    octets = cursor.literal(binary=True)
    if utf8:
        cursor.expect(b")")
    return AppendMessage(octets, flags, date, utf8)


def encode_message(writer: Writer, message: AppendMessage) -> None:
    """Write an append-message, the space before it included."""
    writer.sp()
    if message.flags:
        encode_flags(writer, message.flags)
        writer.sp()
    if message.date is not None:
        encode_date_time(writer, message.date)
        writer.sp()
    if message.utf8:
        writer.raw(b"UTF8 (")
    if isinstance(message.octets, Streamed):
        writer.announce(message.octets.size, binary=message.utf8)
    elif message.utf8:
        writer.literal(message.octets, binary=True)
    else:
        writer.message(message.octets)
    if message.utf8:
        writer.raw(b")")
