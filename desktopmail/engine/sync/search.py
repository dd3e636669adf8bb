"""SEARCH: our query in the words of IMAP, and what one mailbox of a server answers to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from desktopmail.door.search import size_of
from desktopmail.door.terms import All, Any, Leaf, Not
from desktopmail.net.errors import RefusedError
from desktopmail.wire.imap import search_key as wire
from desktopmail.wire.imap.flags import flag
from desktopmail.wire.imap.search_key import (
    Dated,
    Has,
    HeaderHas,
    Is,
    Keyword,
    Or,
    SearchKey,
    Sized,
)
from desktopmail.wire.imap.sequence import UidSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.terms import Node, Term
    from desktopmail.net.imap import ImapClient

# A constant of a query: `in:archive` holds for a whole mailbox, or for nothing of it.
_TRUE: Final = Is("ALL")
_FALSE: Final = wire.Not(_TRUE)

# As an atom each: what `is:` may say, and the server's word for it.
_STATES: Final[dict[str, SearchKey]] = {
    "unread": Is("UNSEEN"),
    "read": Is("SEEN"),
    "seen": Is("SEEN"),
    "answered": Is("ANSWERED"),
    "flagged": Is("FLAGGED"),
    "starred": Is("FLAGGED"),
    "draft": Is("DRAFT"),
    "forwarded": Keyword(flag("$Forwarded")),
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a query may say of the mailbox that is searched.

    Attributes:
        names: Of the mailbox: its path and its role, in small letters.
        accounts: Of its account: name and address, in small letters.
        keyword: The name that servers have for a tag, or None where nobody knows the tag.
    """

    names: frozenset[str]
    accounts: frozenset[str]
    keyword: Callable[[str], str | None]


def key_of(node: Node, place: Place) -> SearchKey | None:
    """Return a query as a server is asked it, or None where it can match nothing in this mailbox.

    Servers look for parts of words (RFC 9051 section 6.4.4), we for whole ones: they find more.
    `filename:` becomes TEXT, because no key looks at the names of attachments, and
    `has:attachment` the type that messages with attachments mostly have.
    """
    key = _key(node, place)
    return None if key == _FALSE else key


def charset_of(key: SearchKey) -> str | None:
    """UTF-8 where the key has a string that is not ASCII (RFC 9051 section 6.4.4)."""
    pending = [key]
    while pending:
        one = pending.pop()
        if isinstance(one, wire.Not):
            pending.append(one.key)
        elif isinstance(one, Or):
            pending += [one.one, one.other]
        elif isinstance(one, wire.And):
            pending += one.keys
        elif isinstance(one, Has | HeaderHas) and not one.text.isascii():
            return "UTF-8"
    return None


async def uids(client: ImapClient, key: SearchKey) -> UidSet:
    """Look for messages in the mailbox that is open, by ESEARCH (RFC 4731) where that works.

    Raises:
        NetError: The server refused, or failed us.
    """
    charset = charset_of(key)
    if client.offers("ESEARCH"):
        try:
            found = await client.uid_search(key, returns=("ALL",), charset=charset)
        except RefusedError:  # some servers offer more than they know
            found = await client.uid_search(key, charset=charset)
    else:
        found = await client.uid_search(key, charset=charset)
    return found.all if isinstance(found.all, UidSet) else UidSet()


def _key(node: Node, place: Place) -> SearchKey:
    match node:
        case Leaf():
            return _term(node.term, place)
        case Not():
            return _not(_key(node.inner, place))
        case All():
            return _all([_key(part, place) for part in node.parts])
        case Any():
            return _any([_key(part, place) for part in node.parts])


def _not(key: SearchKey) -> SearchKey:
    return key.key if isinstance(key, wire.Not) else wire.Not(key)


def _all(keys: Sequence[SearchKey]) -> SearchKey:
    if _FALSE in keys:
        return _FALSE
    rest = tuple(key for key in keys if key != _TRUE)
    if not rest:
        return _TRUE
    return rest[0] if len(rest) == 1 else wire.And(rest)


def _any(keys: Sequence[SearchKey]) -> SearchKey:
    if _TRUE in keys:
        return _TRUE
    rest = [key for key in keys if key != _FALSE]
    if not rest:
        return _FALSE
    made = rest[-1]
    for key in reversed(rest[:-1]):
        made = Or(key, made)
    return made


def _term(term: Term, place: Place) -> SearchKey:
    match term.name:
        case "":
            return _strings(term, "TEXT")
        case "from" | "subject" | "body":
            return _strings(term, term.name.upper())
        case "to" | "cc":
            return _strings(term, "TO", "CC", "BCC")
        case "filename":
            return _strings(term, "TEXT")
        case "has":
            return HeaderHas(b"Content-Type", b"multipart/mixed")
        case "is":
            return _STATES[term.text.lower()]
        case "before":
            return Dated("SENTBEFORE", dt.date.fromisoformat(term.text))
        case "after":
            return Dated("SENTSINCE", dt.date.fromisoformat(term.text))
        case "larger" | "smaller":
            return Sized(term.name.upper(), size_of(term.name, term.text))
        case "tag":
            name = place.keyword(term.text)
            return _FALSE if name is None else Keyword(flag(name))
        case "in":
            return _TRUE if term.text.lower() in place.names else _FALSE
        case _:
            return _TRUE if term.text.lower() in place.accounts else _FALSE


def _strings(term: Term, *words: str) -> SearchKey:
    """Each word somewhere, a phrase as it is; neither CR nor LF nor NUL may be in a string."""
    pieces = term.text.replace("\0", " ").split()
    if term.is_phrase:
        pieces = [" ".join(pieces)]
    texts = [piece.encode("utf-8", "replace") for piece in pieces]
    return _all([_any([Has(word, text) for word in words]) for text in texts])
