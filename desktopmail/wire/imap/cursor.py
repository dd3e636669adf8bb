"""Reads atoms, strings, numbers and lists out of one response or command that was cut whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.limits import MAX_ARGUMENTS, MAX_ELEMENTS, MAX_NESTING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

# atom         = 1*ATOM-CHAR                                         ; RFC 9051 section 9
# astring      = 1*ASTRING-CHAR / string
# ASTRING-CHAR = ATOM-CHAR / resp-specials
# string       = quoted / literal
# quoted       = DQUOTE *QUOTED-CHAR DQUOTE
# literal      = "{" number64 ["+"] "}" CRLF *CHAR8
# literal8     = "~{" number64 ["+"] "}" CRLF *OCTET
ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]++")
ASTRING_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]++")
# Servers leave 8-bit octets, `%` and backslashes in names that they should quote.
LENIENT_ATOM: Final = re.compile(rb"[^\x00-\x20\x7f(){\"]++")
QUOTED: Final = re.compile(rb'"([^"\\\r\n\x00]*+(?>(?:\\[^\r\n\x00][^"\\\r\n\x00]*+)*))"')
LITERAL: Final = re.compile(rb"(~?)\{([0-9]{1,19}+)\+?\}\r?\n")
NUMBER: Final = re.compile(rb"[0-9]++")
_UNQUOTE = re.compile(rb"\\(.)", re.DOTALL)
_SPACES = re.compile(rb" ++")
_TO_THE_END = re.compile(rb"[^\r\n]*+")
# One element of a value whose grammar we do not know: it is stepped over, not understood.
_ANY_TOKEN = re.compile(
    rb'[()]|"[^"\\\r\n\x00]*+(?>(?:\\[^\r\n\x00][^"\\\r\n\x00]*+)*)"|~?\{[0-9]{1,19}+\+?\}\r?\n'
    rb"|[^\x00-\x20(){\"]++| ++"
)


@dataclass(frozen=True, slots=True)
class Streamed:
    """Stands where a literal stood that was handed on as it arrived.

    Attributes:
        size: Its octets.
    """

    size: int


def unquote(octets: bytes) -> bytes:
    """Take the backslashes out of what stood between quotes."""
    return _UNQUOTE.sub(rb"\1", octets) if b"\\" in octets else octets


class Cursor:
    """A place in the octets of one response or command.

    Literals stand inline, behind `{size}CRLF`, so that every method is one match of a compiled
    pattern at a place and nothing is looked at twice; but for those aside.

    Attributes:
        octets: The whole response or command, without the CRLF at its end.
        pos: Where to read on.
        utf8: Names and quoted strings are UTF-8 (IMAP4rev2, UTF8=ACCEPT).
        lenient: Take what servers really send. A server reads its clients strictly.
        aside: Literals that are not inline, by the place behind their `{size}CRLF`.
    """

    __slots__ = ("arguments", "aside", "lenient", "octets", "pos", "utf8")

    def __init__(
        self,
        octets: bytes,
        pos: int = 0,
        *,
        utf8: bool = False,
        lenient: bool = False,
        aside: Mapping[int, bytes | Streamed] | None = None,
    ) -> None:
        self.octets = octets
        self.pos = pos
        self.utf8 = utf8
        self.lenient = lenient
        self.aside = aside
        self.arguments = 0

    def error(self, expected: str) -> RemoteProtocolError:
        """Make the error for octets that are not what was expected here."""
        seen = self.octets[self.pos : self.pos + 24].decode("utf-8", "backslashreplace")
        return RemoteProtocolError(f"{expected} was expected at octet {self.pos}, not {seen!r}")

    def count(self) -> None:
        """Count one element of a list.

        Raises:
            RemoteProtocolError: There are more than `MAX_ARGUMENTS`, or `MAX_ELEMENTS` of a server.
        """
        self.arguments += 1
        if self.arguments > MAX_ARGUMENTS and not self.lenient:
            raise RemoteProtocolError("too many arguments", limit="MAX_ARGUMENTS")
        if self.arguments > MAX_ELEMENTS:
            raise RemoteProtocolError("too many elements", limit="MAX_ELEMENTS")

    @property
    def at_end(self) -> bool:
        """Whether everything was read."""
        return self.pos >= len(self.octets)

    def end(self) -> None:
        """Insist that everything was read; trailing spaces are forgiven where we are lenient."""
        if self.lenient:
            self.spaces()
        if self.pos < len(self.octets):
            raise self.error("the end of the line")

    def peek(self, octets: bytes) -> bool:
        """Whether these octets are next."""
        return self.octets.startswith(octets, self.pos)

    def skip(self, octets: bytes) -> bool:
        """Step over these octets when they are next."""
        if self.octets.startswith(octets, self.pos):
            self.pos += len(octets)
            return True
        return False

    def expect(self, octets: bytes) -> None:
        """Step over these octets, which have to be next."""
        if not self.octets.startswith(octets, self.pos):
            raise self.error(repr(octets.decode("ascii")))
        self.pos += len(octets)

    def spaces(self) -> None:
        """Step over any number of spaces, none among them."""
        found = _SPACES.match(self.octets, self.pos)
        if found:
            self.pos = found.end()

    def sp(self) -> None:
        """Step over the one space of the grammar; over several where we are lenient."""
        if not self.octets.startswith(b" ", self.pos):
            raise self.error("a space")
        self.pos += 1
        if self.lenient and self.octets.startswith(b" ", self.pos):
            self.spaces()

    def skip_sp(self) -> bool:
        """Step over a space when there is one."""
        if self.octets.startswith(b" ", self.pos):
            self.sp()
            return True
        return False

    def match(self, pattern: re.Pattern[bytes], expected: str) -> bytes:
        """Read what a pattern matches here."""
        found = pattern.match(self.octets, self.pos)
        if found is None:
            raise self.error(expected)
        self.pos = found.end()
        return found[0]

    def atom(self) -> bytes:
        """Read an atom."""
        return self.match(ATOM, "an atom")

    def word(self) -> bytes:
        """Read an atom as a name of the grammar, in upper case."""
        return self.match(ATOM, "a word").upper()

    def number(self, largest: int = 0xFFFFFFFF) -> int:
        """Read a number.

        Raises:
            RemoteProtocolError: There is none, or it is larger than `largest`.
        """
        found = NUMBER.match(self.octets, self.pos)
        if found is None or found.end() - self.pos > 19:
            raise self.error("a number")
        value = int(found[0])
        if value > largest:
            raise self.error("a smaller number")
        self.pos = found.end()
        return value

    def number64(self) -> int:
        """Read a number of up to 63 bits."""
        return self.number(0x7FFFFFFFFFFFFFFF)

    def nz_number(self) -> int:
        """Read a number that is not 0."""
        value = self.number()
        if value == 0:
            raise self.error("a number that is not 0")
        return value

    def quoted(self) -> bytes:
        """Read a quoted string."""
        found = QUOTED.match(self.octets, self.pos)
        if found is None:
            raise self.error("a quoted string")
        self.pos = found.end()
        return self._text(unquote(found[1]))

    def _text(self, octets: bytes) -> bytes:
        # A server of IMAP4rev1 gets 8-bit octets in a literal or not at all (RFC 3501 section 9).
        if not self.lenient and not octets.isascii():
            try:
                octets.decode()
            except UnicodeDecodeError:
                raise self.error("a quoted string of UTF-8") from None
        return octets

    def is_string(self) -> bool:
        """Whether a quoted string or a literal is next."""
        return self.octets.startswith((b'"', b"{", b"~{"), self.pos)

    def literal(self, *, binary: bool = False) -> bytes | Streamed:
        """Read a literal; one that was streamed is a `Streamed`.

        Args:
            binary: Take literal8 too, the only one that a server allows a NUL in.
        """
        found = LITERAL.match(self.octets, self.pos)
        refused = (
            found is not None
            and not self.lenient
            and ((found[1] and not binary) or not found[0].endswith(b"}\r\n"))
        )
        if found is None or refused:
            raise self.error("a literal")
        start = found.end()
        size = int(found[2])
        if self.aside and start in self.aside:
            self.pos = start
            octets = self.aside[start]
            if isinstance(octets, Streamed):
                return octets
        elif size > len(self.octets) - start:
            raise self.error("a whole literal")
        else:
            self.pos = start + size
            octets = self.octets[start : self.pos]
        if not found[1] and not self.lenient and b"\0" in octets:
            raise self.error("a literal without NUL")
        return octets

    def string(self) -> bytes:
        """Read a string: quoted or a literal."""
        if self.octets.startswith(b'"', self.pos):
            return self.quoted()
        octets = self.literal()
        if isinstance(octets, Streamed):
            raise self.error("a literal that was kept")
        return octets

    def astring(self) -> bytes:
        """Read an astring: an atom (with `]`) or a string."""
        if self.is_string():
            return self.string()
        return self.match(LENIENT_ATOM if self.lenient else ASTRING_ATOM, "a word or a string")

    def nstring(self) -> bytes | None:
        """Read a string, or NIL as None."""
        if self.is_string():
            return self.string()
        if self.octets[self.pos : self.pos + 3].upper() == b"NIL":
            self.pos += 3
            return None
        # Courier, and Exchange before 2010, send a word where a string should be.
        if self.lenient:
            return self.match(LENIENT_ATOM, "a string or NIL")
        raise self.error("a string or NIL")

    def nstring_or_streamed(self) -> bytes | Streamed | None:
        """Read a string or NIL where a literal may have been streamed, or be a literal8."""
        if self.octets.startswith((b"{", b"~{"), self.pos):
            return self.literal(binary=True)
        return self.nstring()

    def nil(self) -> bool:
        """Step over NIL when it is next."""
        if self.octets[self.pos : self.pos + 3].upper() == b"NIL":
            self.pos += 3
            return True
        return False

    def parenthesised(self, read: Callable[[Cursor], T], *, empty: bool = True) -> list[T]:
        """Read a list: every element by `read`, with a space between them."""
        self.expect(b"(")
        if self.lenient:
            self.spaces()
        found: list[T] = []
        if empty and self.skip(b")"):
            return found
        while True:
            self.count()
            found.append(read(self))
            if self.lenient:
                self.spaces()
            if self.skip(b")"):
                return found
            if not self.lenient:
                self.sp()
            elif self.at_end:
                raise self.error("the end of a list")

    def rest(self) -> bytes:
        """Read everything to the end of the line."""
        return self.match(_TO_THE_END, "text")

    def skip_value(self) -> bytes:
        """Step over one value of any grammar and return its octets.

        Raises:
            RemoteProtocolError: It does not end, or nests deeper than `MAX_NESTING`.
        """
        start = self.pos
        depth = 0
        while True:
            found = _ANY_TOKEN.match(self.octets, self.pos)
            if found is None:
                raise self.error("a value")
            token = found[0]
            if token[:1] == b" " and depth == 0:
                raise self.error("a value")
            self.pos = found.end()
            if token == b"(":
                depth += 1
                if depth > MAX_NESTING:
                    raise RemoteProtocolError("parentheses nest too deep", limit="MAX_NESTING")
            elif token == b")":
                depth -= 1
                if depth < 0:
                    raise self.error("a value")
            elif token.endswith(b"\n"):
                self.pos = found.start()
                self.literal(binary=True)
            if depth == 0:
                return self.octets[start : self.pos]
