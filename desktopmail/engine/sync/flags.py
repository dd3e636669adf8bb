"""Flags between the wire and the store: system flags as a bit mask, keywords as tags."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags as wire

if TYPE_CHECKING:
    from collections.abc import Iterable

_MASKS = {
    wire.SEEN: Flag.SEEN,
    wire.ANSWERED: Flag.ANSWERED,
    wire.FLAGGED: Flag.FLAGGED,
    wire.DELETED: Flag.DELETED,
    wire.DRAFT: Flag.DRAFT,
    wire.FORWARDED: Flag.FORWARDED,
    wire.MDN_SENT: Flag.RECEIPT_SENT,
}
# What servers and other clients keep for themselves is no tag of a person.
_NOT_TAGS = frozenset(
    one.lower()
    for one in (
        wire.RECENT, wire.JUNK, wire.NOT_JUNK, wire.PHISHING, "$Submitted",
        "$SubmitPending", "$HasAttachment", "$HasNoAttachment", "Junk", "NonJunk", "NotJunk",
    )
)  # fmt: skip


@lru_cache(maxsize=1024)
def stored_flags(flags: frozenset[wire.Flag]) -> tuple[Flag, tuple[str, ...]]:
    """Flags as the store keeps them: system flags as a mask, keywords as tags.

    Most messages of a mailbox have the same few sets, and each is looked at once.
    """
    mask = Flag.NONE
    for flag in flags:
        mask |= _MASKS.get(flag, Flag.NONE)
    tags = (
        flag
        for flag in flags
        if flag not in _MASKS and flag.lower() not in _NOT_TAGS and not flag.startswith("\\")
    )
    return mask, tuple(sorted(tags))


def kept_keywords(permanent: frozenset[wire.Flag] | None) -> frozenset[str] | None:
    """The keywords that a mailbox keeps, in small letters, by its PERMANENTFLAGS; None: any.

    A server that does not say keeps all (RFC 9051 section 6.3.2), and so does one where new ones
    may be made.
    """
    if permanent is None or wire.ANY in permanent:
        return None
    return frozenset(flag.lower() for flag in permanent if not flag.startswith("\\"))


def wire_flags(mask: Flag, tags: Iterable[str] = ()) -> frozenset[wire.Flag]:
    """Flags for a STORE or APPEND; a tag that no server can keep as a keyword is left out."""
    found = {name for name, bit in _MASKS.items() if mask & bit}
    for tag in tags:
        keyword = keyword_of(tag)
        if keyword is not None:
            found.add(keyword)
    return frozenset(found)


def keyword_of(tag: str) -> wire.Flag | None:
    """A tag as a keyword, spaces as underscores; None when it cannot be one (it stays here)."""
    if "\\" in tag:
        return None  # with a backslash it would be one of the server's own flags
    try:
        return wire.flag(tag.replace(" ", "_"))
    except LocalProtocolError:
        return None
