"""Charsets that the strings of a SEARCH, SORT or THREAD may be in."""

from __future__ import annotations

from encodings.aliases import aliases
from typing import Final

# Named in BADCHARSET (RFC 9051 section 7.1). Those that mail is written in, each with a codec that
# is strict and does nothing but decode; UTF-7 and UTF-16 are none that a client searches with.
KNOWN: Final = (
    "US-ASCII", "UTF-8",
    "ISO-8859-1", "ISO-8859-2", "ISO-8859-3", "ISO-8859-4", "ISO-8859-5", "ISO-8859-6",
    "ISO-8859-7", "ISO-8859-8", "ISO-8859-9", "ISO-8859-10", "ISO-8859-13", "ISO-8859-14",
    "ISO-8859-15", "ISO-8859-16",
    "WINDOWS-1250", "WINDOWS-1251", "WINDOWS-1252", "WINDOWS-1253", "WINDOWS-1254",
    "WINDOWS-1255", "WINDOWS-1256", "WINDOWS-1257", "WINDOWS-1258",
    "KOI8-R", "KOI8-U",
    "ISO-2022-JP", "SHIFT_JIS", "EUC-JP", "GB2312", "GBK", "GB18030", "BIG5", "EUC-KR",
)  # fmt: skip


def _codec(label: str) -> str:
    name = label.lower().replace("-", "_")
    return aliases.get(name, name)


_CODECS: Final = frozenset(map(_codec, KNOWN))


class UnknownCharsetError(Exception):
    """The charset of a SEARCH is not known, or its strings are not in it."""


def codec_of(label: str | None) -> str:
    """Return the codec for the charset of a command, by any of the names that it has.

    The label is looked up in a table, never among the codecs of Python: of each name that there is
    none of those keep a note for ever.

    Args:
        label: What the client named; None for nothing, which is US-ASCII or UTF-8.

    Raises:
        UnknownCharsetError: It is none of `KNOWN`.
    """
    codec = "ascii" if label is None else _codec(label)
    if codec not in _CODECS:
        raise UnknownCharsetError
    # Clients say US-ASCII, or nothing, and send UTF-8, which has all of it.
    return "utf_8" if codec == "ascii" else codec
