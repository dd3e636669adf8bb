"""Writes one command or response: the only place that decides on atom, quoted string or literal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Pending, Segment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANY_SIZE: Final = 1 << 63
"""As `non_sync_octets`: LITERAL+ lets a client send every literal without being asked for it."""
LITERAL_MINUS_OCTETS: Final = 4096
"""As `non_sync_octets`: LITERAL- allows it up to this size (RFC 7888 section 5)."""

_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]++")
_PLAIN_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]++")
_QUOTABLE = re.compile(rb"[^\x00\r\n\x80-\xff]*+")
_TO_ESCAPE = re.compile(rb'(["\\])')
_BREAKS_A_LINE = re.compile(rb"[\r\n\x00]")
# A longer string is a literal: some servers read their lines into small buffers.
_MAX_QUOTED_OCTETS = 1000


def quote(octets: bytes) -> bytes:
    """Put octets that are known to be quotable between quotes."""
    if b'"' in octets or b"\\" in octets:
        octets = _TO_ESCAPE.sub(rb"\\\1", octets)
    return b'"%b"' % octets


def octets_of(write: Callable[[Writer], None], *, utf8: bool = False) -> bytes:
    """Return what a server would write, without CRLF: to be kept and sent as it is later."""
    writer = Writer(server=True, utf8=utf8)
    write(writer)
    return b"".join(piece.octets for piece in writer.finish() if piece is not None)[:-2]


class Writer:
    """Collects what one command or response consists of.

    Args:
        server: Write as a server: literals need no leave, any octets may stand in them.
        utf8: Names are UTF-8 and may be quoted (IMAP4rev2 or UTF8=ACCEPT is enabled).
        non_sync_octets: Up to this size a client sends a literal without waiting for leave.
        binary: literal8 may be sent (RFC 3516, RFC 6855).
    """

    __slots__ = ("_line", "_pieces", "_run", "binary", "non_sync_octets", "server", "utf8")

    def __init__(
        self,
        *,
        server: bool = False,
        utf8: bool = False,
        non_sync_octets: int = 0,
        binary: bool = False,
    ) -> None:
        self.server = server
        self.utf8 = utf8
        self.non_sync_octets = non_sync_octets
        self.binary = binary
        self._line: list[bytes] = []
        self._run: list[bytes] = []
        self._pieces: list[Segment | None] = []

    def raw(self, octets: bytes) -> None:
        """Add octets of the grammar itself: words, numbers, parentheses.

        Whatever comes in here is looked through for CR, LF and NUL when the line is settled.
        """
        self._line.append(octets)

    def sp(self) -> None:
        """Add a space."""
        self._line.append(b" ")

    def number(self, value: int) -> None:
        """Add a number.

        Raises:
            LocalProtocolError: It is negative or has more than 63 bits.
        """
        if not 0 <= value < ANY_SIZE:
            raise LocalProtocolError(f"{value} is not a number of IMAP")
        self._line.append(b"%d" % value)

    def atom(self, octets: bytes) -> None:
        """Add a word that has to be an atom.

        Raises:
            LocalProtocolError: It is not.
        """
        if not _PLAIN_ATOM.fullmatch(octets):
            raise LocalProtocolError(f"{octets!r} is not an atom")
        self._line.append(octets)

    def astring(self, octets: bytes, *, mask: str | None = None) -> None:
        """Add an argument: an atom where it is one, else a string.

        Args:
            octets: The argument.
            mask: What transcripts show instead when the argument is secret.

        Raises:
            LocalProtocolError: A client's argument holds CR, LF or NUL.
        """
        if mask is not None:
            self._secret(octets, mask)
        elif _ATOM.fullmatch(octets) and octets.upper() != b"NIL":
            self._line.append(octets)
        else:
            self.string(octets)

    def string(self, octets: bytes) -> None:
        """Add a string: quoted where that is possible, else a literal.

        Raises:
            LocalProtocolError: A client's argument holds CR, LF or NUL.
        """
        if len(octets) <= _MAX_QUOTED_OCTETS and _QUOTABLE.fullmatch(octets):
            self._line.append(quote(octets))
            return
        if not self.server and _BREAKS_A_LINE.search(octets):
            raise LocalProtocolError("CR, LF and NUL cannot stand in an argument")
        if self.utf8 and len(octets) <= _MAX_QUOTED_OCTETS and self._is_quotable_utf8(octets):
            self._line.append(quote(octets))
            return
        # A NUL goes out in a plain literal: the grammar has no other string for it in an ENVELOPE
        # or BODY[], what is counted needs no escaping, and every client tried reads it.
        self.literal(octets)

    def nstring(self, octets: bytes | None) -> None:
        """Add a string, or NIL for None."""
        if octets is None:
            self._line.append(b"NIL")
        else:
            self.string(octets)

    def literal(self, octets: bytes, *, binary: bool = False) -> None:
        """Add a literal, or a literal8 when `binary`."""
        self._literal_header(len(octets), binary=binary)
        self._run.append(octets)

    def announce(self, size: int, *, binary: bool = False) -> None:
        """Add a literal whose octets are given later, piece by piece, by whoever has them."""
        self._literal_header(size, binary=binary)
        self._settle()
        self._pieces.append(Pending(b"", f"<{size} octets>", size))

    def message(self, octets: bytes) -> None:
        """Add a message as APPEND carries it: NUL needs a literal8.

        Raises:
            LocalProtocolError: It holds a NUL and literal8 may not be sent here.
        """
        has_nul = b"\0" in octets
        if has_nul and not self.binary:
            raise LocalProtocolError("this server takes no message with a NUL (no BINARY)")
        self.literal(octets, binary=has_nul)

    def parenthesised(self, elements: Iterable[Callable[[Writer], None]]) -> None:
        """Add a list; each element writes itself."""
        self._line.append(b"(")
        for place, element in enumerate(elements):
            if place:
                self._line.append(b" ")
            element(self)
        self._line.append(b")")

    def words(self, words: Iterable[bytes]) -> None:
        """Add a parenthesised list of words of the grammar."""
        self._line.append(b"(%b)" % b" ".join(words))

    def secret(self, octets: bytes, mask: str) -> None:
        """Add octets of a line that no transcript may show.

        Raises:
            LocalProtocolError: They hold CR, LF or NUL.
        """
        if _BREAKS_A_LINE.search(octets):
            raise LocalProtocolError("CR, LF and NUL cannot stand in an argument")
        self._settle()
        self._pieces.append(Segment(octets, mask))

    def finish(self) -> list[Segment | None]:
        """Return everything, with its CRLF; None stands where a literal waits for leave."""
        self._close_line()
        self._run.append(b"\r\n")
        self._settle()
        pieces, self._pieces = self._pieces, []
        return pieces

    def _secret(self, octets: bytes, mask: str) -> None:
        if _BREAKS_A_LINE.search(octets):
            raise LocalProtocolError("CR, LF and NUL cannot stand in an argument")
        if _QUOTABLE.fullmatch(octets):
            self._settle()
            self._pieces.append(Segment(quote(octets), mask))
            return
        self._literal_header(len(octets))
        self._settle()
        self._pieces.append(Segment(octets, mask))

    def _literal_header(self, size: int, *, binary: bool = False) -> None:
        waits = not self.server and size > self.non_sync_octets
        plus = b"" if self.server or waits else b"+"
        self._close_line()
        self._run.append(b"%b{%d%b}\r\n" % (b"~" if binary else b"", size, plus))
        if waits:
            self._settle()
            self._pieces.append(None)

    @staticmethod
    def _is_quotable_utf8(octets: bytes) -> bool:
        try:
            octets.decode()
        except UnicodeDecodeError:
            return False
        return _BREAKS_A_LINE.search(octets) is None

    def _close_line(self) -> None:
        line = b"".join(self._line)
        self._line.clear()
        if _BREAKS_A_LINE.search(line):
            raise LocalProtocolError("CR, LF and NUL cannot stand in a line")
        self._run.append(line)

    def _settle(self) -> None:
        self._close_line()
        octets = b"".join(self._run)
        self._run.clear()
        if octets:
            self._pieces.append(Segment(octets))
