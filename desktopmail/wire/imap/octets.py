"""Octets that are not the text they should be, carried through text and back without loss."""

from __future__ import annotations

import re
from typing import Final

# A server may call a mailbox or a keyword anything. Every name has to be shown, stored and named
# again exactly as it came, so an octet that does not decode is carried as one character of this
# private-use block (U+EF00 + octet). Lone surrogates, which Python offers for this, can be neither
# stored in SQLite nor written as JSON.
ESCAPE_BASE: Final = 0xEF00
_ESCAPES = re.compile("[\uef00-\uefff]")


def escaped_text(octets: bytes) -> str:
    """Decode UTF-8, carrying every octet that is none as a character of its own."""
    if octets.isascii():
        return octets.decode("ascii")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and not _ESCAPES.search(text):
        return text
    done: list[str] = []
    for piece in re.split(rb"([\x80-\xff]+)", octets):
        if piece.isascii():
            done.append(piece.decode("ascii"))
            continue
        try:
            decoded = piece.decode()
        except UnicodeDecodeError:
            decoded = "\uef00"
        done.append(escape(piece) if _ESCAPES.search(decoded) else decoded)
    return "".join(done)


def escaped_octets(text: str) -> bytes:
    """Encode UTF-8; characters that stand for octets become those octets again.

    Lone surrogates, which no decoder of ours makes, are written as `?`.
    """
    if text.isascii():
        return text.encode("ascii")
    if not _ESCAPES.search(text):
        return text.encode("utf-8", "replace")
    return b"".join(
        bytes((ord(piece) - ESCAPE_BASE,))
        if len(piece) == 1 and ESCAPE_BASE <= ord(piece) <= ESCAPE_BASE + 0xFF
        else piece.encode("utf-8", "replace")
        for piece in re.split("([\uef00-\uefff])", text)
    )


def escape(octets: bytes) -> str:
    """Carry every octet as a character of its own."""
    return "".join([chr(ESCAPE_BASE + octet) for octet in octets])


def shown_text(text: str) -> str:
    """Return text for people: what is carried as octets is read as UTF-8, or replaced."""
    if not _ESCAPES.search(text):
        return text
    return escaped_octets(text).decode("utf-8", "replace")


def is_escape(character: str) -> bool:
    """Whether a character stands for an octet."""
    return ESCAPE_BASE <= ord(character) <= ESCAPE_BASE + 0xFF
