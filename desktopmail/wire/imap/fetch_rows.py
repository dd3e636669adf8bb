"""Answers to FETCH with an ENVELOPE, cut off many at a time, and read where there is time for it.

A list of a hundred thousand messages comes in as many answers. Who reads the network does nothing
with them but to see that they are whole: they are handed on as they came, to another process even.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.envelope import ADDRESSES, NSTRING
from desktopmail.wire.imap.fetch_response import decode_fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.wire.imap.fetch_response import FetchResponse

# Whole answers without literals: each is one line, and ends where its list does. A line that ended
# in a literal would end in a brace. One that holds a literal, or is longer, goes the usual way.
# Runs of all octets but one are passed over in a fifth of the time of a set, so that a row holds no
# CR or LF of its own is seen in two of them.
_ROW = (
    rb"\* [1-9][0-9]{0,8} FETCH \("
    rb"(?>(?>(?:[^E\r\n]{0,4000}+E(?!NVELOPE \()){0,400})[^E\r\n]{0,4000}+ENVELOPE \()"
    rb"(?=[^\r]{0,16000}+\r\n)[^\n]*+\n(?<=\)\r\n)"
)
ROWS: Final = re.compile(rb"(?>(?:%b)+)" % _ROW)
# The usual row: what we ask for in front, in any order, then an envelope and a structure. Sender
# and Reply-To are mostly From once more, which is seen in half of the time.
_USUAL = re.compile(
    rb"\* [1-9][0-9]{0,8} FETCH \((?>(?:(?:UID ([1-9][0-9]{0,8})|FLAGS \(([^()\r\n\"{]*+)\)"
    rb"|INTERNALDATE (\"[^\"\r\n]{26}\")|RFC822\.SIZE ([0-9]{1,18})|MODSEQ \(([0-9]{1,18})\)) )+)"
    rb"ENVELOPE \((%b) (%b) (%b) (\8|%b) (?:\8|%b) (%b) (%b) %b (%b) (%b)\)"
    rb" BODYSTRUCTURE (\([^\r\n]*\))\)\r\n" % (*[NSTRING] * 2, *[ADDRESSES] * 6, *[NSTRING] * 2)
)
_FETCH = re.compile(rb"\* ([1-9][0-9]{0,8}) (?=FETCH )")


@dataclass(frozen=True, slots=True)
class FetchRows:
    """Some answers to FETCH, one behind the other, not read yet.

    Attributes:
        octets: All of them, each with its CRLF.
        utf8: Quoted strings are UTF-8.
    """

    octets: bytes
    utf8: bool = False

    @property
    def lines(self) -> list[bytes]:
        """Each answer without its CRLF."""
        return self.octets.split(b"\r\n")[:-1]


# A row as the octets of its parts: strings with their quotes, lists with their parentheses. Whoever
# reads many of them remembers what the same octets meant. None means "not told". It is the tuple
# that a match gives: to make one with names of it takes as long as to find the row.
RowParts = tuple[
    bytes,  # UID
    bytes,  # FLAGS, what stands between the parentheses
    bytes | None,  # INTERNALDATE
    bytes | None,  # RFC822.SIZE
    bytes | None,  # MODSEQ
    bytes,  # of the envelope: Date
    bytes,  # Subject
    bytes,  # From
    bytes,  # Sender
    bytes,  # To
    bytes,  # Cc
    bytes,  # In-Reply-To
    bytes,  # Message-ID
    bytes,  # BODYSTRUCTURE
]


def cut_rows(octets: bytes) -> Iterator[tuple[RowParts | None, bytes]]:
    """Cut answers (`FetchRows.octets`) into the parts of each, where it is a usual row.

    Returns:
        The parts, or None, and the answer without its CRLF.
    """
    at, end = 0, len(octets)
    while at < end:
        begin, parts = at, None
        found = _USUAL.match(octets, at)
        if found is not None:
            at = found.end()
            told: Any = found.groups()
            if told[0] is not None and told[1] is not None:
                parts = told
        else:
            at = octets.index(b"\n", at) + 1
        yield parts, octets[begin : at - 2]


def read_row(line: bytes, *, utf8: bool = False) -> FetchResponse:
    """Read one answer.

    Raises:
        RemoteProtocolError: It breaks the grammar.
    """
    found = _FETCH.match(line)
    if found is None:
        raise RemoteProtocolError(f"an answer to FETCH was expected, not {line[:40]!r}")
    cursor = Cursor(line, found.end(), utf8=utf8, lenient=True)
    answer = decode_fetch(cursor, int(found[1]))
    cursor.end()
    return answer
