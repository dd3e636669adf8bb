"""Cuts the stream into whole responses or commands, literals counted, before any grammar."""

# literal = "{" number64 ["+"] "}" CRLF *CHAR8                       ; RFC 9051 section 9
#
# Because whole units are cut first, one that turns out to be malformed can be thrown away together
# with its literals: octets of a literal never become a command or a response.

from __future__ import annotations

import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.cursor import Streamed

if TYPE_CHECKING:
    from desktopmail.wire.imap.limits import Limits

_LITERAL_AT_END = re.compile(rb"(~?)\{([0-9]++)(\+?)\}\r?\n\Z")
_MAX_DIGITS = 19
UNTOLD_SIZE = 1 << 64
# What arrives in drops is put together in steps: an object for each would take thirty times its
# octets.
_DROP_OCTETS = 256
_DROPS = 1024
# A literal that is larger is put together in one place, and stays out of its unit: inline, and cut
# out of it again, it would be in memory three times.
_INLINE_OCTETS = 64 * 1024
# A human sentence may end in `{5}`; behind these words no literal is looked for, unless their
# response code is still open.
_STATUS_LINE = re.compile(
    rb"(?:\+|[^ \x00-\x1f]+ (?:OK|NO|BAD|PREAUTH|BYE))(?: (?!\[)|\r?\n| \[[^\]\r\n]*+\])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LiteralHeader:
    """What a line announced at its end.

    Attributes:
        size: Octets of the literal.
        binary: It is a literal8, with a tilde.
        non_sync: It comes without waiting for leave.
        index: How many literals of this unit came before it.
    """

    size: int
    binary: bool
    non_sync: bool
    index: int


@dataclass(frozen=True, slots=True)
class LiteralPiece:
    """Some octets of the large literal."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class LiteralEnds:
    """The large literal is complete."""


@dataclass(slots=True)
class Unit:
    """One whole response or command.

    Attributes:
        octets: All of it without the last CRLF, literals inline behind their headers.
        aside: Literals that are not inline, by the place where they would begin: large ones, and
            what stands for those that were streamed.
    """

    octets: bytes
    aside: dict[int, bytes | Streamed] = field(default_factory=dict)


class Cutter:
    """Cuts units out of what arrives; every octet is looked for once, whatever its arrival.

    The machine above asks for `next_line`; when that ends in a literal it decides with `keep`,
    `stream` or `discard` what becomes of it, and asks on.

    Args:
        limits: How much is borne.
        strict: Leave the LF of a line that does not end in CRLF in its octets.
    """

    __slots__ = (
        "_aside",
        "_counted",
        "_data",
        "_discarding",
        "_drops",
        "_gathered",
        "_has_lf",
        "_header",
        "_keeping",
        "_kept",
        "_kept_octets",
        "_late",
        "_late_octets",
        "_literals",
        "_pos",
        "_scanned",
        "_streaming",
        "_strict",
        "limits",
    )  # fmt: skip

    def __init__(self, limits: Limits, *, strict: bool = False) -> None:
        self.limits = limits
        self._strict = strict
        self._data = b""
        self._pos = 0
        self._scanned = 0
        # What came since `_data`, until it holds what is waited for: a line that arrives octet by
        # octet is joined once.
        self._late: list[bytes] = []
        self._late_octets = 0
        self._drops = 0  # how many of the last ones are small
        self._has_lf = False
        self._kept: list[bytes] = []
        self._kept_octets = 0
        self._counted = 0  # those, and those aside that are in memory
        self._aside: dict[int, bytes | Streamed] = {}
        self._literals = 0
        self._header: LiteralHeader | None = None
        self._keeping = -1
        self._gathered: BytesIO | None = None  # of the literal that is kept, if it is a large one
        self._streaming = 0
        self._discarding = 0

    def receive(self, octets: bytes) -> None:
        """Take what arrived."""
        if not self._late and self._pos >= len(self._data):
            self._data = octets
            self._pos = self._scanned = 0
            return
        self._late.append(octets)
        self._late_octets += len(octets)
        self._drops = self._drops + 1 if len(octets) < _DROP_OCTETS else 0
        if self._drops == _DROPS:
            self._late[-_DROPS:] = [b"".join(self._late[-_DROPS:])]
            self._drops = 0
        self._has_lf = self._has_lf or b"\n" in octets

    @property
    def buffered(self) -> int:
        """Octets that came and were not cut yet."""
        return len(self._data) - self._pos + self._late_octets

    @property
    def is_inside(self) -> bool:
        """Whether a unit has begun and not ended."""
        return bool(self._kept or self._header or self.buffered)

    @property
    def streaming(self) -> int:
        """Octets of the streamed literal that are still to come."""
        return self._streaming

    @property
    def begun(self) -> bytes:
        """The first line of the unit that has begun, up to its first literal."""
        return self._kept[0] if self._kept else b""

    @property
    def announcing(self) -> bytes:
        """The line at whose end the literal was announced that is to be decided on."""
        return self._kept[-1] if self._kept else b""

    def take(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Cut a whole unit by a pattern of it, CRLF included, when one is next."""
        if self._kept or self._header or self._streaming or self._scanned > self._pos:
            return None  # no line is next, or none that has ended yet
        found = pattern.match(self._data, self._pos)
        if found is not None:
            self._pos = found.end()
        return found

    def take_literal(
        self, pattern: re.Pattern[bytes], end: bytes, most: int
    ) -> tuple[re.Match[bytes], bytes] | None:
        """Cut a whole unit of one literal, when one is next and all of it is here.

        Args:
            pattern: What stands before the literal; its last group is the size.
            end: What stands behind it, CRLF included.
            most: Of how many octets it is at the most.
        """
        if self._kept or self._header or self._streaming or self._scanned > self._pos:
            return None
        data = self._data
        found = pattern.match(data, self._pos)
        if found is None:
            return None
        begin, size = found.end(), int(found[found.re.groups])
        behind = begin + size
        if size > most or not data.startswith(end, behind):
            return None
        self._pos = behind + len(end)
        return found, data[begin:behind]

    def next(self) -> Unit | LiteralHeader | bytes | None:
        """Return what comes next, or None when more octets are needed.

        A `LiteralHeader` has to be answered by `keep`, `stream`, `discard` or `abandon` before the
        next call. Octets are a piece of a literal that is streamed.

        Raises:
            RemoteProtocolError: A limit was passed.
        """
        if self._header is not None:
            return self._header
        if self._streaming:
            return self._next_piece()
        if self._discarding and not self._discard_more():
            return None
        if self._keeping >= 0 and not self._keep_more():
            return None
        return self._next_line()

    def keep(self) -> None:
        """Keep the announced literal in memory, as a part of its unit."""
        size = self._take_header().size
        if size > self.limits.max_literal_octets:
            raise RemoteProtocolError("a literal is too large", limit="max_literal_octets")
        self._count(size)
        self._keeping = size
        if size > _INLINE_OCTETS:
            self._gathered = BytesIO()

    def stream(self) -> None:
        """Hand the announced literal on in pieces; `Streamed` stands for it in its unit."""
        size = self._take_header().size
        if size > self.limits.max_streamed_octets:
            raise RemoteProtocolError("a literal is too large", limit="max_streamed_octets")
        self._aside[self._kept_octets] = Streamed(size)
        self._streaming = size

    def discard(self) -> None:
        """Throw the announced literal away as it comes."""
        size = self._take_header().size
        self._aside[self._kept_octets] = Streamed(size)
        self._discarding = size

    def abandon(self) -> None:
        """Forget the unit that has begun: its literal was refused and will not come."""
        self._header = None
        self._restart()

    def rest(self) -> bytes:
        """Take everything that came and was not cut, when octets change their meaning."""
        self._join()
        octets = self._data[self._pos :]
        self._data, self._pos, self._scanned = b"", 0, 0
        return octets

    def _take_header(self) -> LiteralHeader:
        header, self._header = self._header, None
        if header is None:
            raise LocalProtocolError("no literal waits for a decision")
        return header

    def _next_piece(self) -> bytes | None:
        if self._pos >= len(self._data):
            self._join()
        data, pos = self._data, self._pos
        room = len(data) - pos
        if room <= 0:
            return None
        if pos == 0 and room <= self._streaming:
            self._pos = room
            self._streaming -= room
            return data
        piece = data[pos : pos + self._streaming]
        self._pos += len(piece)
        self._streaming -= len(piece)
        return piece

    def _discard_more(self) -> bool:
        self._join()
        gone = min(self._discarding, len(self._data) - self._pos)
        self._pos += gone
        self._discarding -= gone
        return self._discarding == 0

    def _keep_more(self) -> bool:
        size = self._keeping
        if self._gathered is not None:
            return self._gather_more(self._gathered)
        if self.buffered < size:
            return False
        if len(self._data) - self._pos < size:
            self._join()
        if size:
            self._keep_inline(self._data[self._pos : self._pos + size])
        self._pos += size
        self._keeping = -1
        return True

    def _gather_more(self, gathered: BytesIO) -> bool:
        self._join()
        missing = self._keeping - gathered.tell()
        with memoryview(self._data) as view:
            self._pos += gathered.write(view[self._pos : self._pos + missing])
        if gathered.tell() < self._keeping:
            return False
        self._aside[self._kept_octets] = gathered.getvalue()
        self._gathered = None
        self._keeping = -1
        return True

    def _keep_inline(self, octets: bytes) -> None:
        self._kept.append(octets)
        self._kept_octets += len(octets)

    def _next_line(self) -> Unit | LiteralHeader | None:
        end = self._data.find(b"\n", max(self._pos, self._scanned))
        if end < 0:
            self._scanned = len(self._data)
            if not self._has_lf:
                if self.buffered > self.limits.max_line_octets:
                    raise RemoteProtocolError("a line is too long", limit="max_line_octets")
                return None
            self._join()
            end = self._data.find(b"\n")
        start, self._pos = self._pos, end + 1
        if end + 1 - start > self.limits.max_line_octets:
            raise RemoteProtocolError("a line is too long", limit="max_line_octets")
        line = self._data[start : end + 1]
        if line.endswith((b"}\r\n", b"}\n")):
            header = self._read_header(line)
            if header is not None:
                self._header = header
                self._count(len(line))
                self._keep_inline(line)
                return header
        if not self._kept:
            return Unit(self._without_end(line))
        self._count(len(line))
        self._kept.append(self._without_end(line))
        unit = Unit(b"".join(self._kept), self._aside)
        self._restart()
        return unit

    def _without_end(self, line: bytes) -> bytes:
        if line.endswith(b"\r\n"):
            return line[:-2]
        # Where we are strict the LF stays, and no grammar takes it.
        return line if self._strict else line[:-1]

    def _read_header(self, line: bytes) -> LiteralHeader | None:
        found = _LITERAL_AT_END.search(line, max(0, line.rfind(b"{") - 1))
        if found is None or (not self._kept and _STATUS_LINE.match(line)):
            return None
        digits = found[2].lstrip(b"0") or b"0"
        size = int(digits) if len(digits) <= _MAX_DIGITS else UNTOLD_SIZE
        index = self._literals
        self._literals += 1
        return LiteralHeader(size, bool(found[1]), bool(found[3]), index)

    def _count(self, octets: int) -> None:
        self._counted += octets
        if self._counted > self.limits.max_total_octets:
            raise RemoteProtocolError("too many octets in one piece", limit="max_total_octets")

    def _restart(self) -> None:
        self._kept.clear()
        self._kept_octets = self._counted = 0
        self._aside = {}
        self._literals = 0

    def _join(self) -> None:
        if self._late:
            self._data = b"".join([self._data[self._pos :], *self._late])
            self._late.clear()
            self._late_octets = self._drops = 0
            self._has_lf = False
            self._pos = self._scanned = 0
