"""Says in a sentence or two what a line of a transcript means, in English or German."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.ui.transcript import imap, pop3, smtp, table
from desktopmail.ui.transcript.reading import NO_CONTEXT, Role

if TYPE_CHECKING:
    from desktopmail.ui.transcript.reading import Context, Found
    from desktopmail.ui.transcript.table import Entry, Language, Reference

# A longer line is explained as far as this: nobody reads on, and a hostile server gains nothing.
_MAX_CHARACTERS = 10_000
# Kinds whose keywords are patterns: `X.1.1` is written `5.1.1`.
_PATTERNS = {"enhanced", "enhanced-class", "enhanced-subject", "reply-class"}
_READERS = {"imap": imap.read, "pop3": pop3.read, "smtp": smtp.read}


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a line and its meaning.

    Attributes:
        begin: Where it begins in the text of the line; -1 when it was decoded from Base64.
        end: Behind its last character; -1 like `begin`.
        text: The piece itself.
        title: What it is.
        meaning: One sentence.
        reference: Where it is defined.
    """

    begin: int
    end: int
    text: str
    title: str
    meaning: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Explanation:
    """A line explained: as a whole, then piece by piece in the order of the text."""

    title: str
    meaning: str
    reference: Reference
    parts: tuple[Part, ...]


def explain(
    protocol: str, sender: str, line: str, language: Language, context: Context = NO_CONTEXT
) -> Explanation | None:
    """Explain one line of a transcript.

    Args:
        protocol: `imap`, `pop3` or `smtp` (which is submission and LMTP too).
        sender: `"C"` for the client, `"S"` for the server; a remark (`"*"`) explains itself.
        line: Its text without CRLF.
        language: Of the explanation.
        context: What `line.Conversation` knows of the lines before; without it, what can be told
            from the line alone is told.

    Returns:
        None when nothing in the line is known.
    """
    if sender not in {"C", "S"} or context.role is Role.REMARK:
        return None
    line = line[:_MAX_CHARACTERS]
    reading = _READERS[protocol](sender, line, context)
    if reading is None:
        return None
    head = _entry(protocol, reading.head)
    if head is None:
        return None
    parts = [
        _part(found, entry, line, language)
        for found in sorted(reading.parts, key=_place)
        if (entry := _entry(protocol, found)) is not None
    ]
    title = _title(head, line[reading.head.begin : reading.head.end], language)
    return Explanation(title, head.meanings[language], head.reference, tuple(parts))


def _entry(protocol: str, found: Found) -> Entry | None:
    return table.find(found.protocol or protocol, found.kind, found.keyword)


def _place(found: Found) -> tuple[bool, int]:
    return found.begin < 0, found.begin


def _title(entry: Entry, text: str, language: Language) -> str:
    """What to call a piece: entries for many codes are named after the code that stands there."""
    title = entry.titles[language]
    return title.replace(entry.keyword, text) if entry.kind in _PATTERNS else title


def _part(found: Found, entry: Entry, line: str, language: Language) -> Part:
    text = found.text or line[found.begin : found.end]
    return Part(
        found.begin, found.end, text, _title(entry, text, language), entry.meanings[language],
        entry.reference,
    )  # fmt: skip
