"""What a SEARCH found, in the answer of each revision."""

# mailbox-data     =/ "SEARCH" *(SP nz-number) [SP search-sort-mod-seq]       ; RFC 3501, RFC 7162
# esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
#                                                                   ; RFC 9051 section 9

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.limits import MAX_FOUND
from desktopmail.wire.imap.sequence import SeqSet, UidSet, runs, write_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """The answer of IMAP4rev1: numbers, or UIDs when the command was a UID SEARCH.

    Attributes:
        numbers: In the server's order.
        modseq: The largest mod-sequence among them, when MODSEQ was searched (CONDSTORE).
    """

    numbers: tuple[int, ...]
    modseq: int | None = None

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        for piece in self.pieces():
            writer.raw(piece)

    def pieces(self) -> Iterator[bytes]:
        """Encode the response, some hundred numbers at a time."""
        return number_pieces(b"SEARCH", self.numbers, self.modseq)


_ENCODED_AT_ONCE: Final = 500


def number_pieces(name: bytes, numbers: Sequence[int], modseq: int | None) -> Iterator[bytes]:
    """Encode the name of a response with numbers, each behind a space, and MODSEQ."""
    yield name
    for start in range(0, len(numbers), _ENCODED_AT_ONCE):
        yield b"".join([b" %d" % number for number in numbers[start : start + _ENCODED_AT_ONCE]])
    if modseq is not None:
        yield b" (MODSEQ %d)" % modseq


_NUMBERS = re.compile(rb"(?>(?: ++[0-9]{1,10}+)*)")
_MODSEQ = re.compile(rb" *+\(MODSEQ ([0-9]{1,19})\)", re.IGNORECASE)


def decode_numbers(cursor: Cursor) -> tuple[tuple[int, ...], int | None]:
    """Read numbers, each behind a space, and MODSEQ in parentheses where it is."""
    octets = cursor.match(_NUMBERS, "numbers")
    if octets.count(b" ") > MAX_FOUND:
        raise RemoteProtocolError("more messages than a mailbox holds", limit="MAX_FOUND")
    found = _MODSEQ.match(cursor.octets, cursor.pos)
    if found is not None:
        cursor.pos = found.end()
    cursor.spaces()
    return tuple(map(int, octets.split())), int(found[1]) if found else None


def decode_search(cursor: Cursor) -> SearchResponse:
    """Read a response behind its name."""
    return SearchResponse(*decode_numbers(cursor))


@dataclass(frozen=True, slots=True)
class ESearchResponse:
    """The answer of ESEARCH and of IMAP4rev2.

    Attributes:
        tag: Of the command it answers.
        uid: Its numbers are UIDs.
        minimum: MIN.
        maximum: MAX.
        count: COUNT.
        all: ALL; an empty search leaves it out.
        in_order: ALL of a SORT, whose order a set would lose; what is read of it is in `all`.
        modseq: MODSEQ (CONDSTORE).
        others: What we do not know: (name, octets).
    """

    tag: str | None = None
    uid: bool = False
    minimum: int | None = None
    maximum: int | None = None
    count: int | None = None
    all: UidSet | SeqSet | None = None
    in_order: tuple[int, ...] = ()
    modseq: int | None = None
    others: tuple[tuple[bytes, bytes], ...] = ()

    def encode(self, writer: Writer) -> None:
        """Write the response behind its `* `."""
        writer.raw(b"ESEARCH")
        if self.tag is not None:
            writer.raw(b" (TAG ")
            writer.string(self.tag.encode("ascii", "replace"))
            writer.raw(b")")
        if self.uid:
            writer.raw(b" UID")
        numbers = ((b"MIN", self.minimum), (b"MAX", self.maximum), (b"COUNT", self.count))
        for name, value in numbers:
            if value is not None:
                writer.raw(b" %b %d" % (name, value))
        if self.all:
            writer.raw(b" ALL ")
            self.all.encode(writer)
        if self.in_order:
            writer.raw(b" ALL " + write_ranges(runs(self.in_order)))
        if self.modseq is not None:
            writer.raw(b" MODSEQ %d" % self.modseq)
        for name, octets in self.others:
            writer.raw(b" %b %b" % (name, octets))


def decode_esearch(cursor: Cursor) -> ESearchResponse:
    """Read a response behind its name."""
    found: dict[str, Any] = {}
    others: list[tuple[bytes, bytes]] = []
    if cursor.peek(b" ("):
        cursor.sp()
        cursor.expect(b"(")
        if cursor.word() != b"TAG":
            raise cursor.error("TAG")
        cursor.sp()
        found["tag"] = cursor.astring().decode("ascii", "replace")
        cursor.expect(b")")
    while cursor.skip_sp() and not cursor.at_end:
        cursor.count()
        name = cursor.word()
        if name == b"UID":
            found["uid"] = True
            continue
        cursor.sp()
        if name == b"ALL":
            found["all"] = _decode_all(cursor, uid="uid" in found)
        elif name in _ESEARCH_NUMBERS:
            found[_ESEARCH_NUMBERS[name]] = cursor.number64()
        else:
            others.append((name, cursor.skip_value()))
    return ESearchResponse(**found, others=tuple(others))


def _decode_all(cursor: Cursor, *, uid: bool) -> UidSet | SeqSet:
    numbers = (UidSet if uid else SeqSet).decode(cursor)
    if numbers.is_open:
        raise cursor.error("numbers")
    if len(numbers) > MAX_FOUND:
        raise RemoteProtocolError("more messages than a mailbox holds", limit="MAX_FOUND")
    return numbers


_ESEARCH_NUMBERS: Final = {
    b"MIN": "minimum",
    b"MAX": "maximum",
    b"COUNT": "count",
    b"MODSEQ": "modseq",
}
