"""Cuts CRLF lines out of what arrives, for SMTP and POP3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable


class LineCutter:
    """Holds what has arrived and gives it back line by line.

    A line ends in CRLF and nothing else: a bare CR or LF is an octet of the line, and its owner
    decides what to do with it. Nothing is scanned twice, so that the cost is linear in the octets,
    however they are split; what was cut is dropped from the buffer in large steps.

    Args:
        limit: How many octets a line may have, CRLF included, unless `next_line` is told otherwise.
        limit_name: How errors name the limit.
    """

    __slots__ = ("_begin", "_buffer", "_scanned", "limit", "limit_name")

    def __init__(self, limit: int, limit_name: str = "max_line_octets") -> None:
        self.limit = limit
        self.limit_name = limit_name
        self._buffer = bytearray()
        self._begin = 0  # where the next line begins
        self._scanned = 0  # up to here there is no CRLF

    def receive(self, octets: bytes) -> None:
        """Take octets."""
        if self._begin:
            # Dropped here and not per line: one move of the rest for everything cut since.
            del self._buffer[: self._begin]
            self._scanned -= self._begin
            self._begin = 0
        self._buffer += octets

    def __len__(self) -> int:
        return len(self._buffer) - self._begin

    def next_line(self) -> bytes | None:
        """Return the next line without its CRLF, or None when it has not ended yet.

        Raises:
            RemoteProtocolError: The line is longer than the limit.
        """
        buffer, begin = self._buffer, self._begin
        end = buffer.find(b"\r\n", self._scanned)
        if end < 0:
            size = len(buffer)
            # The last octet may be the CR of a CRLF that is still to come.
            self._scanned = max(begin, size - 1)
            # An unended line has at least one more octet to come, its LF.
            if size - begin >= self.limit:
                raise self._too_long()
            return None
        if end + 2 - begin > self.limit:
            raise self._too_long()
        self._begin = self._scanned = end + 2
        return bytes(buffer[begin:end])

    def next_lines(self, end: bytes) -> tuple[bytes, bool]:
        """Return whole lines up to a line that is `end`, and whether that one came (it is dropped).

        For multi-line data: whole buffers at once, each line with its CRLF.

        Args:
            end: The last line, without CRLF (b"." for SMTP and POP3).

        Raises:
            RemoteProtocolError: A line is longer than the limit.
        """
        buffer, begin = self._buffer, self._begin
        mark = end + b"\r\n"
        if buffer.startswith(mark, begin):
            self._begin = self._scanned = begin + len(mark)
            return b"", True
        found = buffer.find(b"\r\n" + mark, max(begin, self._scanned - len(mark) - 1))
        if found >= 0:
            self._measure(begin, found + 2)
            self._begin = self._scanned = found + 2 + len(mark)
            return bytes(buffer[begin : found + 2]), True
        stop = buffer.rfind(b"\r\n", max(begin, self._scanned))
        if stop < 0:
            self._scanned = max(begin, len(buffer) - 1)
            if len(buffer) - begin >= self.limit:
                raise self._too_long()
            return b"", False
        self._measure(begin, stop + 2)
        self._begin = self._scanned = stop + 2
        return bytes(buffer[begin : stop + 2]), False

    def take(self, read: Callable[[bytearray, int], tuple[bytes, int, bool]]) -> tuple[bytes, bool]:
        """Let something else read what is there, such as a message without limits on its lines.

        Args:
            read: Given the buffer and where to begin; returns the octets it made of it, where the
                rest begins, and whether it is at its end.
        """
        octets, self._begin, ended = read(self._buffer, self._begin)
        self._scanned = self._begin
        return octets, ended

    def _measure(self, begin: int, stop: int) -> None:
        # From one line end to the last one within the limit: lines that come together may be no
        # longer than lines that come one by one.
        while stop - begin > self.limit:
            found = self._buffer.rfind(b"\r\n", begin, begin + self.limit)
            if found < 0:
                raise self._too_long()
            begin = found + 2

    def _too_long(self) -> RemoteProtocolError:
        return RemoteProtocolError(
            f"a line is longer than {self.limit} octets", limit=self.limit_name
        )
