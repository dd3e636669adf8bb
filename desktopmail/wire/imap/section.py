"""The part of a message that a FETCH names between brackets: `BODY[1.2.HEADER.FIELDS (To)]<0>`."""

# section         = "[" [section-spec] "]"                           ; RFC 9051 section 9
# section-spec    = section-msgtext / (section-part ["." section-text])
# section-msgtext = "HEADER" / "HEADER.FIELDS" [".NOT"] SP header-list / "TEXT"
# section-text    = section-msgtext / "MIME"
# section-part    = nz-number *("." nz-number)
# section-binary  = "[" [section-part] "]"
# partial         = "<" number64 "." nz-number64 ">"

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

_SPEC = re.compile(
    rb"\[((?>(?:[1-9][0-9]{0,9}+(?![0-9])(?>(?:\.(?=[1-9]))?))*))"
    rb"(?>(?:(?<=[0-9])\.)?)(?>(HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)?)",
    re.IGNORECASE,
)
_SIMPLE = re.compile(rb"\[[^]\[( \"{]*+\]")
_PARTIAL = re.compile(rb"<([0-9]{1,19}+)\.([0-9]{1,19}+)>")
_ORIGIN = re.compile(rb"<([0-9]{1,19}+)>")
_MAX_PARTS = 100
_LARGEST = 0x7FFFFFFFFFFFFFFF


class SectionText(Enum):
    """What of a part is meant, when not all of it."""

    HEADER = b"HEADER"
    HEADER_FIELDS = b"HEADER.FIELDS"
    HEADER_FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"


@dataclass(frozen=True, slots=True)
class Section:
    """What stands between the brackets.

    Attributes:
        part: Numbers of the part; () is the whole message.
        text: Header, text or MIME header of it; None is all of it.
        fields: Names of header fields, for the two HEADER.FIELDS.
    """

    part: tuple[int, ...] = ()
    text: SectionText | None = None
    fields: tuple[bytes, ...] = ()

    def is_same(self, other: Section) -> bool:
        """Whether another section is the same part of a message.

        Servers tell names of fields in upper case, sorted, or as they were asked for.
        """
        if self.fields:
            mine, theirs = ({name.lower() for name in one.fields} for one in (self, other))
            return (self.part, self.text, mine) == (other.part, other.text, theirs)
        return self == other


WHOLE = Section()
HEADER = Section((), SectionText.HEADER)
TEXT = Section((), SectionText.TEXT)


@dataclass(frozen=True, slots=True)
class Partial:
    """A range of octets that a FETCH asks for."""

    origin: int
    count: int


@lru_cache(maxsize=256)
def _simple(octets: bytes) -> Section | None:
    found = _SPEC.match(octets)
    if found is None or found.end() != len(octets) - 1:
        return None
    return _section(found)


def _section(found: re.Match[bytes]) -> Section:
    numbers = tuple([int(number) for number in found[1].split(b".") if number])
    if len(numbers) > _MAX_PARTS:
        raise RemoteProtocolError("a section has too many numbers", limit="MAX_NESTING")
    text = SectionText(found[2].upper()) if found[2] else None
    if text is SectionText.MIME and not numbers:
        raise RemoteProtocolError("MIME is of a part, not of a message")
    if text is None and found[0].endswith(b"."):
        raise RemoteProtocolError("a section ends in a full stop")
    return Section(numbers, text)


def decode_section(cursor: Cursor) -> Section:
    """Read a section with its brackets at the cursor."""
    simple = _SIMPLE.match(cursor.octets, cursor.pos)
    if simple is not None:
        section = _simple(simple[0])
        if section is not None and section.text not in _WITH_FIELDS:
            cursor.pos = simple.end()
            return section
        raise cursor.error("a section")
    found = _SPEC.match(cursor.octets, cursor.pos)
    if found is None:
        raise cursor.error("a section")
    cursor.pos = found.end()
    section = _section(found)
    if section.text in _WITH_FIELDS:
        cursor.sp()
        names = cursor.parenthesised(lambda c: c.astring(), empty=cursor.lenient)
        section = Section(section.part, section.text, tuple(names))
    cursor.expect(b"]")
    return section


_WITH_FIELDS = (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT)


def encode_section(writer: Writer, section: Section) -> None:
    """Write a section with its brackets.

    Raises:
        LocalProtocolError: Fields are named where none belong, or are missing where they do.
    """
    if bool(section.fields) != (section.text in _WITH_FIELDS):
        raise LocalProtocolError("HEADER.FIELDS goes with names of fields, and nothing else does")
    if section.text is SectionText.MIME and not section.part:
        raise LocalProtocolError("MIME is of a part, not of a message")
    words = [b"%d" % number for number in section.part]
    if section.text is not None:
        words.append(section.text.value)
    writer.raw(b"[" + b".".join(words))
    if section.fields:
        writer.raw(b" (")
        for place, name in enumerate(section.fields):
            if place:
                writer.sp()
            writer.astring(name)
        writer.raw(b")")
    writer.raw(b"]")


def decode_part(cursor: Cursor) -> tuple[int, ...]:
    """Read a section-binary with its brackets: numbers only."""
    section = decode_section(cursor)
    if section.text is not None:
        raise cursor.error("a part without HEADER, TEXT or MIME")
    return section.part


def decode_partial(cursor: Cursor) -> Partial | None:
    """Read `<origin.count>` of a command, where it is."""
    if not cursor.peek(b"<"):
        return None
    found = _PARTIAL.match(cursor.octets, cursor.pos)
    if found is None or int(found[2]) == 0 or max(int(found[1]), int(found[2])) > _LARGEST:
        raise cursor.error("a range of octets")
    cursor.pos = found.end()
    return Partial(int(found[1]), int(found[2]))


def decode_origin(cursor: Cursor) -> int | None:
    """Read `<origin>` of a response, where it is."""
    if not cursor.peek(b"<"):
        return None
    found = _ORIGIN.match(cursor.octets, cursor.pos)
    if found is None:
        raise cursor.error("the place of a part")
    cursor.pos = found.end()
    return int(found[1])


def encode_partial(writer: Writer, partial: Partial | None) -> None:
    """Write `<origin.count>`, when there is one."""
    if partial is not None:
        if partial.origin < 0 or partial.count < 1:
            raise LocalProtocolError("a range begins at 0 or later and has at least one octet")
        writer.raw(b"<%d.%d>" % (partial.origin, partial.count))
