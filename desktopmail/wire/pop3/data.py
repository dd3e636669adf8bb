"""Multi-line data: how a message travels between its status line and the line with a dot."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# multi-line  = single-line *dot-stuffed "." CRLF       ; RFC 2449 section 3
# dot-stuffed = *CHAR CRLF                              ; must be dot-stuffed
#
# RFC 1939 section 3: a line that begins with the termination octet gets another one in front.
_END = b"\r\n.\r\n"
_DOT = b"\r\n."
_DOTTED = re.compile(re.escape(_DOT))  # found in less than half the time that `find` takes
_PIECE_OCTETS = 256 * 1024
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class DataReader:
    """Takes the dots out of what a server sends; holds back four octets at most.

    The end is CRLF.CRLF and nothing else; a bare LF does not begin a line.
    """

    __slots__ = ("_at_start",)

    def __init__(self) -> None:
        self._at_start = True

    def cut(self, buffer: bytearray, begin: int) -> tuple[bytes, int, bool]:
        """Read what can be read now.

        Args:
            buffer: What arrived.
            begin: Where the data, or the rest of it, begins.

        Returns:
            The octets of the message; where what is left begins; whether the data ended.
        """
        if self._at_start:
            if buffer.startswith(b".\r\n", begin):
                return b"", begin + 3, True
            if len(buffer) - begin < 3 and b".\r\n".startswith(buffer[begin:]):
                return b"", begin, False
        # Most reads have no line that begins with a dot: they are searched once, and copied once.
        found = _DOTTED.search(buffer, begin)
        dot = found.start() if found is not None else -1
        end = buffer.find(_END, dot) if found is not None else -1
        is_last = end >= 0
        if is_last:
            # The CRLF in front of the dot belongs to the message.
            stop, rest = end + 2, end + 5
        else:
            stop = rest = len(buffer) - _held_back(buffer, begin)
        with memoryview(buffer) as view:
            octets = bytes(view[begin:stop])
        if self._at_start and octets:
            self._at_start = False
            if octets.startswith(b"."):
                octets = octets[1:]
        # A piece never ends within CRLF "." so that each line's first dot stands behind its CRLF.
        if 0 <= dot <= stop - len(_DOT):
            octets = octets.replace(_DOT, b"\r\n")
        return octets, rest, is_last


def _held_back(buffer: bytearray, begin: int) -> int:
    """How many octets at the end may be the beginning of the end."""
    for size in range(min(4, len(buffer) - begin), 0, -1):
        if buffer.endswith(_END[:size]):
            return size
    return 0


def normalise(octets: bytes) -> bytes:
    """Return a message as POP3 sends it: every line ends in CRLF, the last one too.

    A bare CR and a bare LF are line ends that somebody stored that way.
    """
    pairs = octets.count(b"\r\n")
    if octets.count(b"\n") != pairs or octets.count(b"\r") != pairs:
        octets = _BARE.sub(b"\r\n", octets)
    if octets and not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    return octets


def stuff(octets: bytes) -> bytes:
    """Return a message with its dots doubled and with the line that ends it.

    Args:
        octets: Normalised: empty, or lines that each end in CRLF.
    """
    return b"".join(stuffed(octets))


def stuffed(octets: bytes) -> Iterator[bytes]:
    """Iterate over what `stuff` returns, in pieces: a large message is not copied as a whole."""
    if octets.startswith(b"."):
        yield b"."
    for begin in range(0, len(octets), _PIECE_OCTETS):
        before = min(begin, 2)  # a line may end in the piece before
        window = octets[begin - before : begin + _PIECE_OCTETS]
        yield window.replace(_DOT, b"\r\n..")[before:]
    yield b".\r\n"
