"""What every POP3 command has: keyword, arguments, states, and how its answer is read."""

from __future__ import annotations

import re
from abc import ABC
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.limits import POP3_MAX_COMMAND_OCTETS
from desktopmail.wire.pop3.state import BOTH, TRANSACTION, State

if TYPE_CHECKING:
    from desktopmail.wire.output import Output
    from desktopmail.wire.pop3.reply import Reply

T_co = TypeVar("T_co", covariant=True)

# command = keyword *(SP param) CRLF            ; RFC 2449 section 3, 255 octets at most
# keyword = 3*4VCHAR
# param   = 1*VCHAR
_UNSENDABLE = re.compile(rb"[\r\n\0]")
# number = 1*DIGIT; ten digits are more messages than any maildrop has.
_NUMBER = re.compile(rb"0*([1-9][0-9]{0,9})")


class CommandSyntaxError(Exception):
    """A command that a client sent cannot be read; the text goes into its -ERR."""


class Follows(Enum):
    """What comes behind a positive reply."""

    NOTHING = "the status line is all"
    LISTING = "short lines, up to a line with a dot"
    DATA = "a message, up to a line with a dot"


class Command(ABC, Generic[T_co]):
    """A command; `T_co` is what its answer means."""

    keyword: ClassVar[bytes]
    states: ClassVar[frozenset[State]] = TRANSACTION
    # Whether another command may be sent before this one is answered (RFC 2449 section 6.6).
    pipelined: ClassVar[bool] = True

    @property
    def arguments(self) -> bytes:
        """Everything behind the keyword and its space, without CRLF."""
        return b""

    @property
    def mask(self) -> str | None:
        """What a transcript shows in place of the arguments, when they are secret."""
        return None

    @property
    def follows(self) -> Follows:
        """What comes behind a positive reply."""
        return Follows.NOTHING

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read what a client sent.

        Raises:
            CommandSyntaxError: It is wrong.
        """
        if arguments.strip():
            raise CommandSyntaxError(f"{cls.keyword.decode()} takes no arguments")
        return cls()

    def read(self, reply: Reply, lines: bytes) -> T_co | None:
        """Read a positive answer.

        Args:
            reply: The status line.
            lines: The listing, each line with its CRLF and its dot removed; b"" when none follows.

        Raises:
            RemoteProtocolError: It is not what this command is answered with.
        """
        del reply, lines
        return None

    def write(self, output: Output) -> None:
        """Write the command line.

        Raises:
            LocalProtocolError: It would not be one line of at most 255 octets.
        """
        try:
            arguments = self.arguments
        except UnicodeEncodeError:
            # From None: the error would carry the password.
            raise LocalProtocolError("half a character cannot stand in a command") from None
        if _UNSENDABLE.search(arguments):
            raise LocalProtocolError("CR, LF and NUL cannot stand in a command")
        keyword = self.keyword
        size = len(keyword) + 1 + len(arguments) + 2
        if size > POP3_MAX_COMMAND_OCTETS:
            raise LocalProtocolError(f"{keyword.decode()} would be longer than 255 octets")
        mask = self.mask
        if not arguments:
            output.write(keyword + b"\r\n")
        elif mask is None:
            output.write(b"%b %b\r\n" % (keyword, arguments))
        else:
            output.write(keyword + b" ")
            output.write_secret(arguments, mask)
            output.write(b"\r\n")

    @property
    def shown(self) -> bytes:
        """The line as a transcript may show it, with CRLF."""
        arguments = self.arguments if self.mask is None else self.mask.encode()
        return b" ".join([self.keyword, arguments] if arguments else [self.keyword]) + b"\r\n"


@dataclass(frozen=True, slots=True)
class Noop(Command[None]):
    """`NOOP` (RFC 1939 section 5)."""

    keyword = b"NOOP"


@dataclass(frozen=True, slots=True)
class Rset(Command[None]):
    """`RSET`: unmark what was marked for deletion (RFC 1939 section 5)."""

    keyword = b"RSET"


@dataclass(frozen=True, slots=True)
class Quit(Command[None]):
    """`QUIT`: delete what is marked, and end (RFC 1939 section 6)."""

    keyword = b"QUIT"
    states = BOTH
    pipelined = False


def parse_number(octets: bytes, what: str = "a message number") -> int:
    """Read a number from 1 on.

    Raises:
        CommandSyntaxError: It is none.
    """
    found = _NUMBER.fullmatch(octets)
    if found is None:
        raise CommandSyntaxError(f"{what} is expected")
    return int(found[1])
