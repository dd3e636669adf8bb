"""The message between DATA and its end: dots stuffed and unstuffed (RFC 5321 section 4.5.2).

The end is CRLF.CRLF and nothing else. No line is looked at one by one: big pieces are searched,
counted and replaced by the C routines of `bytes`, with care at the borders between two pieces.
"""

from __future__ import annotations

import re
from enum import Enum
from io import IncrementalNewlineDecoder
from typing import TYPE_CHECKING

from desktopmail.wire.smtp.limits import MAX_TEXT_LINE_OCTETS

if TYPE_CHECKING:
    from typing import Final

END_OF_DATA: Final = b"\r\n.\r\n"
"""What ends a message, and nothing else does (section 4.1.1.4)."""
_LINE_END = re.compile(rb"\r\n|\r|\n")
# A literal first octet lets the expression run at a gigabyte a second; two of these cost half of
# what counting CR, LF and CRLF does.
_BARE_CR = re.compile(rb"\r(?!\n)")
_BARE_LF = re.compile(rb"\n(?<!\r\n)")
_DOT = re.compile(rb"\n\.")
_BARE_LF_OR_DOT = re.compile(rb"\n(?:\.|(?<!\r\n))")
# Lines up to the last end that is within reach of the one before: it goes forward by the most that
# a line may have at once, and from there back to an end, so most octets are not looked at.
_LINES = re.compile(rb"(?>(?:(?s:.){0,%d}\n)*)" % (MAX_TEXT_LINE_OCTETS + 1))

_SOUND: Final = (None, "\r\n")
_BEGINNINGS: Final = tuple(END_OF_DATA[:length] for length in (4, 3, 2, 1))
_BORDER_OCTETS: Final = frozenset({b"\r", b"\n", b"."})


class Flaw(Enum):
    """Why a message is refused after its end; the first one found is kept."""

    BARE_CR_OR_LF = "a bare CR or LF"
    NUL = "a NUL"
    LONG_LINE = f"a line of more than {MAX_TEXT_LINE_OCTETS} octets"
    TOO_BIG = "more octets than this server takes"


class Inspector:
    """Looks for flaws in the unstuffed octets of a message, piece by piece.

    Args:
        binary: The body is BINARYMIME, where anything goes.
    """

    __slots__ = ("_binary", "_line_ends", "_line_octets", "flaw")

    def __init__(self, *, binary: bool = False) -> None:
        self._binary = binary
        self._line_octets = 0
        # It tells which kinds of line ends it has seen, across the borders of pieces, in half the
        # time of two regular expressions.
        self._line_ends = IncrementalNewlineDecoder(None, translate=False)
        self.flaw: Flaw | None = None

    def inspect(self, octets: bytes) -> None:
        """Look at the next piece."""
        if self._binary or self.flaw is not None or not octets:
            return
        if b"\0" in octets:
            self.flaw = Flaw.NUL
            return
        self._line_ends.decode(octets.decode("latin-1"))
        if self._line_ends.newlines in _SOUND:
            self._measure(octets)
        else:
            self.flaw = Flaw.BARE_CR_OR_LF

    def end(self) -> None:
        """Learn that the message is over."""
        if self.flaw is None and not self._binary:
            self._line_ends.decode("", final=True)  # a CR at the end waited for its LF
            if self._line_ends.newlines not in _SOUND:
                self.flaw = Flaw.BARE_CR_OR_LF

    def _measure(self, octets: bytes) -> None:
        reach = MAX_TEXT_LINE_OCTETS + 2
        begun = self._line_octets
        first = octets.rfind(b"\n", 0, reach - begun) + 1 if begun else 0
        if begun and not first:
            self._line_octets += len(octets)
        else:
            lines = _LINES.match(octets, first)
            self._line_octets = len(octets) - (lines.end() if lines else first)
        if self._line_octets > reach:
            self.flaw = Flaw.LONG_LINE


class DataDecoder:
    """Finds the end of a message and takes the stuffed dots away."""

    __slots__ = ("_held", "_skip")

    def __init__(self) -> None:
        # The message begins at the beginning of a line: a CRLF is put before it and not given out.
        self._held = b"\r\n"
        self._skip = 2

    def decode(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """Take the next octets.

        Returns:
            Octets of the message, and what follows its end, or None when the end has not come.
        """
        stream = self._held + octets if self._held else octets
        # Most large messages are base64, and have no dot at all.
        first = _DOT.search(stream) if b"." in stream else None
        if first is not None:
            end = stream.find(END_OF_DATA, max(first.start() - 1, 0))
            if end >= 0:
                body = stream[: end + 2]
                if first.start() != end + 1:  # often the end is the first dot that begins a line
                    body = body.replace(b"\r\n.", b"\r\n")
                return (body[self._skip :] if self._skip else body), stream[end + 5 :]
        keep = _border(stream)
        cut = len(stream) - keep
        self._held = stream[cut:] if keep else b""
        if cut == 0:
            return b"", None
        body = stream[:cut] if keep else stream
        if first is not None:
            body = body.replace(b"\r\n.", b"\r\n")
        if self._skip:
            body, self._skip = body[self._skip :], 0
        return body, None


def _border(stream: bytes) -> int:
    # How many octets at the end could be the beginning of CRLF.CRLF.
    if stream[-1:] not in _BORDER_OCTETS:
        return 0
    for beginning in _BEGINNINGS:
        if stream.endswith(beginning):
            return len(beginning)
    return 0


class DataEncoder:
    """Stuffs dots, turns every line end into CRLF, and ends the message.

    Args:
        stuff: True for DATA. False for BDAT, which needs no stuffing, but CRLF all the same.
    """

    __slots__ = ("_at_line_start", "_pending_cr", "_stuff")

    def __init__(self, *, stuff: bool = True) -> None:
        self._stuff = stuff
        self._at_line_start = True
        self._pending_cr = False

    def encode(self, octets: bytes) -> bytes:
        """Return the next octets to be sent; a CR at the end waits for what follows it."""
        if self._pending_cr:
            octets = b"\r" + octets
        self._pending_cr = octets.endswith(b"\r")
        if self._pending_cr:
            octets = octets[:-1]
        if not octets:
            return b""
        # Most pieces have neither a bare LF nor a dot that begins a line: one look for both.
        suspect = _BARE_LF_OR_DOT.search(octets) is not None
        if _BARE_CR.search(octets) or (suspect and _BARE_LF.search(octets)):
            octets, suspect = _LINE_END.sub(b"\r\n", octets), True
        stuffed = octets.replace(b"\r\n.", b"\r\n..") if self._stuff and suspect else octets
        if self._stuff and self._at_line_start and octets.startswith(b"."):
            stuffed = b"." + stuffed
        self._at_line_start = octets.endswith(b"\n")
        return stuffed

    def end(self) -> bytes:
        """Return what completes the last line; without the terminating `.` line."""
        if self._pending_cr:
            self._pending_cr = False
            self._at_line_start = True
            return b"\r\n"
        if self._at_line_start:
            return b""
        self._at_line_start = True
        return b"\r\n"


FINAL_DOT: Final = b".\r\n"
