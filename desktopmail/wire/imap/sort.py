"""SORT: a search whose answer is in order (RFC 5256)."""

# sort          = ["UID" SP] "SORT" SP sort-criteria SP search-criteria
# sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"
# sort-criterion = ["REVERSE" SP] sort-key
# sort-key      = "ARRIVAL" / "CC" / "DATE" / "FROM" / "SIZE" / "SUBJECT" / "TO"
# sort-key      =/ "DISPLAYFROM" / "DISPLAYTO"                       ; RFC 5957
# search-criteria = charset 1*(SP search-key)

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Final

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.search import decode_returns, encode_returns
from desktopmail.wire.imap.search_key import SearchKey, decode_keys, encode_keys
from desktopmail.wire.imap.search_response import decode_numbers, number_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


class SortKey(Enum):
    """What to sort by."""

    ARRIVAL = b"ARRIVAL"
    CC = b"CC"
    DATE = b"DATE"
    FROM = b"FROM"
    SIZE = b"SIZE"
    SUBJECT = b"SUBJECT"
    TO = b"TO"
    DISPLAYFROM = b"DISPLAYFROM"
    DISPLAYTO = b"DISPLAYTO"


_KEYS: Final = {key.value: key for key in SortKey}


@dataclass(frozen=True, slots=True)
class SortBy:
    """One key to sort by, and in which direction."""

    key: SortKey
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Sort:
    """Look for messages and have them told in an order.

    Attributes:
        order: The keys, the most important first.
        key: What the messages match.
        uid: Tell UIDs.
        charset: Of the strings in the key.
        returns: As for SEARCH (ESORT, RFC 5267); None asks without RETURN.
    """

    order: tuple[SortBy, ...]
    key: SearchKey
    uid: bool = True
    charset: str = "UTF-8"
    returns: frozenset[str] | None = None

    name: ClassVar[bytes] = b"SORT"

    @classmethod
    def decode(cls, cursor: Cursor, *, uid: bool = False) -> Sort:
        """Read what follows the name of the command."""
        cursor.sp()
        returns: frozenset[str] | None = None
        if cursor.octets[cursor.pos : cursor.pos + 8].upper() == b"RETURN (":
            cursor.pos += 7
            returns = decode_returns(cursor)
            cursor.sp()
        order = cursor.parenthesised(_decode_by, empty=False)
        cursor.sp()
        charset = cursor.astring().decode("ascii", "replace").upper()
        cursor.sp()
        return cls(tuple(order), decode_keys(cursor), uid, charset, returns)

    def encode(self, writer: Writer) -> None:
        """Write the command behind its tag."""
        if not self.order:
            raise LocalProtocolError("SORT needs one key at the least")
        writer.raw(b"UID SORT " if self.uid else b"SORT ")
        if self.returns is not None:
            encode_returns(writer, self.returns)
        writer.words(
            b"REVERSE " + by.key.value if by.reverse else by.key.value for by in self.order
        )
        writer.sp()
        writer.astring(self.charset.encode("ascii", "replace"))
        writer.sp()
        encode_keys(writer, self.key)


def _decode_by(cursor: Cursor) -> SortBy:
    word = cursor.word()
    reverse = word == b"REVERSE"
    if reverse:
        cursor.sp()
        word = cursor.word()
    if word not in _KEYS:
        raise cursor.error("a key to sort by")
    return SortBy(_KEYS[word], reverse)


@dataclass(frozen=True, slots=True)
class SortResponse:
    """Numbers in the order that was asked for, or UIDs when the command was a UID SORT."""

    numbers: tuple[int, ...]
    modseq: int | None = None

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        for piece in self.pieces():
            writer.raw(piece)

    def pieces(self) -> Iterator[bytes]:
        """Encode the response, some hundred numbers at a time."""
        return number_pieces(b"SORT", self.numbers, self.modseq)


def decode_sort(cursor: Cursor) -> SortResponse:
    """Read a response behind its name."""
    return SortResponse(*decode_numbers(cursor))
