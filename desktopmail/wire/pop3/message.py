"""RETR, TOP and DELE: reading a message, reading its beginning, marking it as deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.pop3.command import Command, CommandSyntaxError, Follows, parse_number
from desktopmail.wire.pop3.listing import encode_number


@dataclass(frozen=True, slots=True)
class Retr(Command[None]):
    """`RETR msg` (RFC 1939 section 5).

    Attributes:
        number: From 1 on.
    """

    number: int

    keyword = b"RETR"

    @property
    def arguments(self) -> bytes:
        """The number."""
        return encode_number(self.number)

    @property
    def follows(self) -> Follows:
        """The message."""
        return Follows.DATA

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the number."""
        return cls(parse_number(arguments.strip(b" ")))


@dataclass(frozen=True, slots=True)
class Dele(Command[None]):
    """`DELE msg` (RFC 1939 section 5).

    Attributes:
        number: From 1 on.
    """

    number: int

    keyword = b"DELE"

    @property
    def arguments(self) -> bytes:
        """The number."""
        return encode_number(self.number)

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the number."""
        return cls(parse_number(arguments.strip(b" ")))


@dataclass(frozen=True, slots=True)
class Top(Command[None]):
    """`TOP msg n` (RFC 1939 section 7).

    Attributes:
        number: From 1 on.
        lines: How many lines of the body; 0 gives the header and the empty line behind it.
    """

    number: int
    lines: int

    keyword = b"TOP"

    @property
    def arguments(self) -> bytes:
        """Number and lines."""
        if not 0 <= self.lines < 10**10:
            raise LocalProtocolError(f"{self.lines} is not a count of lines")
        return b"%b %d" % (encode_number(self.number), self.lines)

    @property
    def follows(self) -> Follows:
        """The beginning of the message."""
        return Follows.DATA

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read number and lines."""
        words = arguments.split()
        if len(words) != 2 or not words[1].isdigit() or len(words[1]) > 10:
            raise CommandSyntaxError("TOP takes a message number and a count of lines")
        return cls(parse_number(words[0]), int(words[1]))


def top(octets: bytes, lines: int) -> bytes:
    """Return the header, the empty line, and so many lines of the body.

    Args:
        octets: The message, each line ending in CRLF.
        lines: Of the body.
    """
    if octets.startswith(b"\r\n"):
        end = 2
    else:
        blank = octets.find(b"\r\n\r\n")
        if blank < 0:
            return octets  # all header
        end = blank + 4
    for _ in range(lines):
        newline = octets.find(b"\r\n", end)
        if newline < 0:
            return octets
        end = newline + 2
    return octets[:end]
