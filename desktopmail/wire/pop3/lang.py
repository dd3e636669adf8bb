"""LANG: the language of what a server says to people (RFC 6856 section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.pop3.command import Command, CommandSyntaxError, Follows
from desktopmail.wire.pop3.reply import printable
from desktopmail.wire.pop3.state import BOTH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.wire.pop3.reply import Reply

# language-range = (1*8ALPHA *("-" 1*8alphanum)) / "*"         ; RFC 4647 section 2.1
_RANGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*")
# A language listing: the tag, optionally one space and a description in UTF-8.
_LANGUAGE = re.compile(rb"([A-Za-z0-9-]{1,100})(?: ([^\r\n]*))?\r\n")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that a server speaks.

    Attributes:
        tag: As in BCP 47 (`de`, `en-boont`).
        description: In that language, or "".
    """

    tag: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Lang(Command[tuple[Language, ...]]):
    """`LANG [language-range]`.

    Attributes:
        wanted: A basic language range, `*` for what the administrator prefers, None for a listing.
    """

    wanted: str | None = None

    keyword = b"LANG"
    states = BOTH

    @property
    def arguments(self) -> bytes:
        """The range."""
        if self.wanted is None:
            return b""
        if not _RANGE.fullmatch(self.wanted):
            raise LocalProtocolError(f"{self.wanted!r} is not a language range")
        return self.wanted.encode()

    @property
    def follows(self) -> Follows:
        """A listing when nothing was asked for."""
        return Follows.LISTING if self.wanted is None else Follows.NOTHING

    @classmethod
    def parse(cls, arguments: bytes) -> Self:
        """Read the range."""
        text = arguments.strip(b" ").decode("ascii", "replace")
        if not text:
            return cls()
        if not _RANGE.fullmatch(text):
            raise CommandSyntaxError("LANG takes one language range")
        return cls(text)

    def read(self, reply: Reply, lines: bytes) -> tuple[Language, ...]:
        """Read the listing, or the one language that was chosen: `+OK` SP tag SP text."""
        if self.wanted is not None:
            tag, _, _ = reply.text.partition(" ")
            return (Language(tag),)
        found = []
        for line in lines.splitlines(keepends=True):
            match = _LANGUAGE.fullmatch(line)
            if match is None:
                raise RemoteProtocolError("a line of LANG is not a language tag and a description")
            description = printable(match[2] or b"")
            found.append(Language(match[1].decode("ascii"), description))
        return tuple(found)


def encode_languages(languages: Iterable[Language]) -> bytes:
    """Write the listing that answers `LANG`.

    Raises:
        LocalProtocolError: A tag or a description cannot stand on a line.
    """
    lines = []
    for language in languages:
        line = f"{language.tag} {language.description}".rstrip().encode() + b"\r\n"
        if not _LANGUAGE.fullmatch(line) or " " in language.tag:
            raise LocalProtocolError(f"{language!r} cannot be listed")
        lines.append(line)
    return b"".join(lines)


def matches(wanted: str, tag: str) -> bool:
    """Whether a tag is in a basic language range (RFC 4647 section 3.3.1)."""
    if wanted == "*":
        return True
    return tag.lower() == wanted.lower() or tag.lower().startswith(wanted.lower() + "-")
