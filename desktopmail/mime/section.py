"""The octets of a section as IMAP names them: `1.2.MIME`, `HEADER`, `TEXT` (RFC 9051 §6.4.5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.mime import transfer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.mime.structure import Part

# section-part = nz-number *("." nz-number)
# section-text = section-msgtext / "MIME"
_SPEC = re.compile(
    r"(?P<numbers>[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*)?"
    r"(?:(?:^|\.)(?P<text>HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME)"
    r"(?:\s*\((?P<names>[^)]*)\))?)?",
    re.IGNORECASE,
)
_EMPTY_LINE = b"\r\n"


@dataclass(frozen=True, slots=True)
class Section:
    """A section specification.

    Attributes:
        numbers: The part's number, as (1, 2) for `1.2`; empty for the message.
        text: `HEADER`, `HEADER.FIELDS`, `HEADER.FIELDS.NOT`, `TEXT`, `MIME`, or empty.
        names: Field names of `HEADER.FIELDS` and `HEADER.FIELDS.NOT`, as given.
    """

    numbers: tuple[int, ...] = ()
    text: str = ""
    names: tuple[str, ...] = ()

    @classmethod
    def parse(cls, spec: str) -> Section | None:
        """Return the section a specification names (without its brackets), or None."""
        found = _SPEC.fullmatch(spec.strip())
        if found is None:
            return None
        numbers = tuple(int(number) for number in (found["numbers"] or "").split(".") if number)
        text = (found["text"] or "").upper()
        names = tuple(name.strip('"') for name in (found["names"] or "").split())
        if text == "MIME" and not numbers:
            return None
        if text.startswith("HEADER.FIELDS") != bool(names):
            return None
        return cls(numbers, text, names)


def part_of(root: Part, numbers: Iterable[int]) -> Part | None:
    """Return the part with that number, or None where there is none (RFC 9051 section 6.4.5).

    A message that is no multipart has one part, 1; an enclosed message's parts follow its number.
    """
    part = root
    is_whole = True  # `part` stands for a whole message: its parts are counted from 1
    for number in numbers:
        whole = part
        if not is_whole and part.is_message:
            whole, is_whole = part.children[0], True
        if whole.is_multipart:
            if not 1 <= number <= len(whole.children):
                return None
            part = whole.children[number - 1]
        elif is_whole and number == 1:
            part = whole
        else:
            return None
        is_whole = False
    return part


def octets_of(root: Part, section: Section) -> bytes | None:
    """Return the octets of a section of a message, or None when it names no part.

    Args:
        root: The whole message.
        section: What is asked for; an empty one is the whole message.
    """
    octets = root.octets
    if not section.numbers:
        if not section.text:
            return octets
        return _of_message(root, section)
    part = part_of(root, section.numbers)
    if part is None:
        return None
    if not section.text:
        return octets[part.body : part.end]
    if section.text == "MIME":
        return octets[part.begin : part.body]
    return _of_message(part.children[0], section) if part.is_message else None


def binary_of(root: Part, numbers: Iterable[int]) -> transfer.Undone | None:
    """Return a part's decoded body for BINARY[…] (RFC 3516), or None where there is no such part.

    Its defect is `UNKNOWN_ENCODING` where the server has to answer UNKNOWN-CTE.
    """
    part = part_of(root, numbers)
    return None if part is None else transfer.undo(part.raw_body, part.encoding)


def fields_of(root: Part, names: Iterable[str], *, wanted: bool = True) -> bytes:
    """Return the fields with those names, or without them, and the empty line behind.

    Args:
        root: The message or part whose header is meant.
        names: Field names in any case.
        wanted: False for HEADER.FIELDS.NOT.
    """
    lower = {name.lower() for name in names}
    octets = root.octets
    out = []
    for field in root.header.fields:
        if (field.name.lower() in lower) is wanted:
            line = octets[field.begin : field.end]
            out.append(line if line.endswith(b"\n") else line + _EMPTY_LINE)
    # The empty line always follows; the message's own one, as long as it has one.
    own = octets[root.header.end : root.header.body]
    return b"".join(out) + (own or _EMPTY_LINE)


def _of_message(message: Part, section: Section) -> bytes:
    octets = message.octets
    if section.text == "HEADER":
        return octets[message.begin : message.body]
    if section.text == "TEXT":
        return octets[message.body : message.end]
    return fields_of(message, section.names, wanted=section.text == "HEADER.FIELDS")
