"""Cuts one direction of a conversation into pieces: lines, data, and the dot that ends data."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto


class Piece(Enum):
    """What was cut: a line, data, or the single dot that ends data."""

    LINE = auto()
    DATA = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece that was cut.

    Attributes:
        octets: What was recorded of it.
        piece: What it is.
        missing: So many octets of it the transcript left out.
        masks: So many of the recorded octets stand for those, and were never said.
        complete: It was cut at its end, not where the transcript or the connection broke off.
    """

    octets: bytes
    piece: Piece
    missing: int = 0
    masks: int = 0
    complete: bool = True

    @property
    def size(self) -> int:
        """How many octets were said."""
        return len(self.octets) - self.masks + self.missing


# What may be recorded in the place of counted data: a mask for a secret of any length, and how
# much of a message went out.
SECRET = re.compile(rb"<[^<>\r\n]+>")
MESSAGE = re.compile(rb"^<([0-9]{1,19}) octets of the message>\r\n", re.MULTILINE)


@dataclass(slots=True)
class Half:
    """One direction: what came of it and was not cut yet.

    Attributes:
        buffer: Octets that wait for the rest of their line or data.
        counted: So many octets of data come next.
        dotted: Lines of data come next, up to one that holds a single dot.
        mask: What may stand in the place of the counted data, with another length.
        lost: The transcript left out where the data ends: it goes on with the next line like this.
    """

    buffer: bytearray = field(default_factory=bytearray)
    counted: int | None = None
    dotted: bool = False
    mask: re.Pattern[bytes] | None = None
    lost: re.Pattern[bytes] | None = None
    _missing: int = 0
    _scanned: int = 0

    def cut(self) -> Cut | None:
        """Take the next whole piece; None when more octets are needed."""
        if self.lost is not None:
            found = self.lost.search(self.buffer)
            if found is None:
                return None
            self.lost = None
            if found.start():
                return self._take(found.start(), Piece.DATA, complete=False)
        if self.counted is not None:
            return self._cut_counted(self.counted)
        if self.dotted:
            return self._cut_dotted()
        end = self.buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self.buffer)
            return None
        return self._take(end + 1, Piece.LINE)

    def skip(self, octets: int) -> bool:
        """Learn that the transcript leaves octets out here; tell whether the place is known."""
        self._missing += octets
        if self.counted is None or octets > self.counted - len(self.buffer):
            return False
        self.counted -= octets
        return True

    def lose(self, resume: re.Pattern[bytes]) -> Cut:
        """Return the piece that ends with a gap; what follows it is data up to a line like this."""
        piece = Piece.LINE if self._in_line else Piece.DATA
        self.counted, self.dotted, self.lost = None, False, resume
        return self._take(len(self.buffer), piece, complete=False)

    def rest(self) -> Cut | None:
        """Take what is left when no more will come."""
        if not self.buffer:
            return None
        piece = Piece.LINE if self._in_line else Piece.DATA
        return self._take(len(self.buffer), piece, complete=False)

    @property
    def _in_line(self) -> bool:
        return self.counted is None and not self.dotted and self.lost is None

    def _cut_counted(self, size: int) -> Cut | None:
        mask = self.mask.match(self.buffer) if self.mask else None
        if mask is not None:
            size = mask.end()
        elif len(self.buffer) < size:
            return None
        self.counted = None
        return self._take(size, Piece.DATA)

    def _cut_dotted(self) -> Cut | None:
        if self.buffer.startswith(b".\r\n"):
            self.dotted = False
            return self._take(3, Piece.END)
        end = self.buffer.find(b"\r\n.\r\n", self._scanned)
        if end < 0:
            self._scanned = max(0, len(self.buffer) - 4)
            return None
        return self._take(end + 2, Piece.DATA)

    def _take(self, size: int, piece: Piece, *, complete: bool = True) -> Cut:
        octets = bytes(self.buffer[:size])
        masks, missing = 0, self._missing
        for mask in MESSAGE.finditer(octets) if piece is Piece.DATA else ():
            masks += len(mask[0])
            missing += int(mask[1])
        cut = Cut(octets, piece, missing, masks, complete)
        del self.buffer[:size]
        self._scanned = self._missing = 0
        return cut
