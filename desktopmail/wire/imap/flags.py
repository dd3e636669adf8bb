"""Message flags: the system flags, the registered keywords, and whatever else a server keeps."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NewType

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.limits import MAX_FLAGS_OCTETS
from desktopmail.wire.imap.octets import escaped_octets, escaped_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer

Flag = NewType("Flag", str)
"""A flag as it is written: `\\Seen`, `$Forwarded`, `todo`. Made by `flag()` or a decoder."""

SEEN: Final = Flag("\\Seen")
ANSWERED: Final = Flag("\\Answered")
FLAGGED: Final = Flag("\\Flagged")
DELETED: Final = Flag("\\Deleted")
DRAFT: Final = Flag("\\Draft")
RECENT: Final = Flag("\\Recent")
ANY: Final = Flag("\\*")
"""In PERMANENTFLAGS: new keywords may be made."""
FORWARDED: Final = Flag("$Forwarded")
MDN_SENT: Final = Flag("$MDNSent")
JUNK: Final = Flag("$Junk")
NOT_JUNK: Final = Flag("$NotJunk")
PHISHING: Final = Flag("$Phishing")
IMPORTANT: Final = Flag("$Important")

SYSTEM: Final = frozenset({SEEN, ANSWERED, FLAGGED, DELETED, DRAFT})

# Flags are case-insensitive (RFC 9051 section 2.3.2, RFC 5788): the known ones are written here
# in one way, unknown keywords in the way their server does.
_KNOWN: Final = {
    name.lower().encode(): name
    for name in (*SYSTEM, RECENT, ANY, FORWARDED, MDN_SENT, JUNK, NOT_JUNK, PHISHING, IMPORTANT,
                 Flag("$SubmitPending"), Flag("$Submitted"))
}  # fmt: skip

# flag         = "\Answered" / … / flag-keyword / flag-extension     ; RFC 9051 section 9
# flag-keyword = "$MDNSent" / … / atom
# flag-perm    = flag / "\*"
_STRICT = re.compile(rb"\\?+[^\x00-\x20\x7f-\xff(){%*\"\\\]]++|\\\*")
# What servers send: Gmail has keywords with brackets, Courier and others 8-bit ones.
_LENIENT_LIST = re.compile(rb"\(([^()\r\n]*+)\)")
_MAX_REMEMBERED_OCTETS = 256


def flag(name: str) -> Flag:
    """Make a flag of a name, the known ones in their one spelling.

    Raises:
        LocalProtocolError: The name is not an atom, with or without a backslash before it.
    """
    octets = escaped_octets(name)
    if not _STRICT.fullmatch(octets):
        raise LocalProtocolError(f"{name!r} cannot be the name of a flag")
    return _KNOWN.get(octets.lower()) or Flag(name)


def _one(octets: bytes) -> Flag:
    return _KNOWN.get(octets.lower()) or Flag(escaped_text(octets))


def _parse(octets: bytes) -> frozenset[Flag]:
    return frozenset([_one(name) for name in octets.split()])


_remembered = lru_cache(maxsize=1024)(_parse)


def parse_flags(octets: bytes) -> frozenset[Flag]:
    """Read what stands between the parentheses of a flag list; the same list is read once."""
    return _remembered(octets) if len(octets) <= _MAX_REMEMBERED_OCTETS else _parse(octets)


def decode_flag(cursor: Cursor) -> Flag:
    r"""Read one flag (or `\*`) at the cursor, strictly."""
    return _one(cursor.match(_STRICT, "a flag"))


def decode_flags(cursor: Cursor) -> frozenset[Flag]:
    """Read a parenthesised list of flags at the cursor."""
    if cursor.lenient:
        found = _LENIENT_LIST.match(cursor.octets, cursor.pos)
        if found is None:
            raise cursor.error("a list of flags")
        if found.end() - cursor.pos > MAX_FLAGS_OCTETS:
            raise RemoteProtocolError("too many flags", limit="MAX_FLAGS_OCTETS")
        cursor.pos = found.end()
        return parse_flags(found[1])
    return frozenset(cursor.parenthesised(decode_flag))


# Servers order flags by the alphabet so that equal sets are equal octets.
@lru_cache(maxsize=1024)
def flag_octets(flags: frozenset[Flag]) -> bytes:
    """Write flags as they stand between parentheses.

    Raises:
        LocalProtocolError: One of them is not a flag.
    """
    octets = [escaped_octets(name) for name in sorted(flags)]
    for name in octets:
        if not _STRICT.fullmatch(name):
            raise LocalProtocolError(f"{name!r} cannot be the name of a flag")
    return b" ".join(octets)


def encode_flags(writer: Writer, flags: Iterable[Flag]) -> None:
    """Write a parenthesised list of flags."""
    writer.raw(b"(%b)" % flag_octets(frozenset(flags)))
