"""FETCH: what of which messages is asked for."""

# fetch     = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att /
#             "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]   ; RFC 9051 section 9, RFC 4466
# fetch-modifier = "CHANGEDSINCE" SP mod-sequence-value / "VANISHED"  ; RFC 7162

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.fetch_item import FetchItem, decode_items, encode_item
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask for items of messages.

    Attributes:
        numbers: UIDs make it a `UID FETCH`.
        items: What to send of each.
        changed_since: Only messages with a larger mod-sequence (CONDSTORE).
        vanished: Tell of expunged UIDs too (QRESYNC; only of UIDs and with `changed_since`).
    """

    numbers: UidSet | SeqSet
    items: tuple[FetchItem, ...]
    changed_since: int | None = None
    vanished: bool = False

    name: ClassVar[bytes] = b"FETCH"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Fetch:
        """Read what follows the name of the command."""
        cursor.sp()
        numbers = (UidSet if uid else SeqSet).decode(cursor)
        cursor.sp()
        items = decode_items(cursor)
        changed_since: int | None = None
        vanished = False
        if cursor.skip_sp():
            for name, value in cursor.parenthesised(_decode_modifier, empty=False):
                if name == b"VANISHED":
                    vanished = True
                else:
                    changed_since = value
        if vanished and (not uid or changed_since is None):
            raise cursor.error("VANISHED only with UID FETCH and CHANGEDSINCE")
        return cls(numbers, items, changed_since, vanished)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        if not self.items:
            raise LocalProtocolError("a FETCH asks for one item at the least")
        is_uid = isinstance(self.numbers, UidSet)
        if self.vanished and (not is_uid or self.changed_since is None):
            raise LocalProtocolError("VANISHED goes with UIDs and CHANGEDSINCE")
        writer.raw(b"UID FETCH " if is_uid else b"FETCH ")
        self.numbers.encode(writer)
        writer.raw(b" (")
        for place, item in enumerate(self.items):
            if place:
                writer.sp()
            encode_item(writer, item)
        writer.raw(b")")
        if self.changed_since is not None:
            writer.raw(b" (CHANGEDSINCE %d" % self.changed_since)
            writer.raw(b" VANISHED)" if self.vanished else b")")


def _decode_modifier(cursor: Cursor) -> tuple[bytes, int]:
    name = cursor.word()
    if name == b"VANISHED":
        return name, 0
    if name != b"CHANGEDSINCE":
        raise cursor.error("CHANGEDSINCE or VANISHED")
    cursor.sp()
    return name, cursor.number64()
