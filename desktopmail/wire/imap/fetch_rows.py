"""Answers to FETCH with an ENVELOPE, cut off many at a time, and read where there is time for it.

A list of a hundred thousand messages comes in as many answers. Who reads the network does nothing
with them but to see that they are whole: they are handed on as they came, to another process even.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.fetch_response import decode_fetch

if TYPE_CHECKING:
    from desktopmail.wire.imap.fetch_response import FetchResponse

# Whole answers without literals: each is one line, and ends where its list does. A line that ended
# in a literal would end in a brace. One that holds a literal, or is longer, goes the usual way.
_ROW = rb"\* [1-9][0-9]{0,8} FETCH \((?>[^\r\n]{0,4000}?ENVELOPE \()[^\r\n]{0,16000}+(?<=\))\r\n"
ROWS: Final = re.compile(rb"(?>(?:%b)+)" % _ROW)
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
