"""What a message has to match: the keys of SEARCH, SORT and THREAD, however they nest."""

# search-key     = "ALL" / … / "NOT" SP search-key / "OR" SP search-key SP search-key / … /
#                  sequence-set / "(" search-key *(SP search-key) ")"
# search-key     =/ "YOUNGER" SP nz-number / "OLDER" SP nz-number    ; RFC 5032 (WITHIN)
# search-key     =/ "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer   ; RFC 7162
# search-key     =/ "EMAILID" SP objectid / "THREADID" SP objectid   ; RFC 8474
# search-key     =/ "SAVEDBEFORE" / "SAVEDON" / "SAVEDSINCE" SP date / "SAVEDATESUPPORTED"
# search-key     =/ "FUZZY" SP search-key                            ; RFC 6203

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.dates import decode_date, encode_date
from desktopmail.wire.imap.flags import Flag, decode_flag, flag_octets
from desktopmail.wire.imap.limits import MAX_NESTING
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from desktopmail.wire.imap.cursor import Cursor
    from desktopmail.wire.imap.writer import Writer


@dataclass(frozen=True, slots=True)
class Is:
    """A key that is one word: ALL, ANSWERED, SEEN, UNSEEN, NEW, SAVEDATESUPPORTED and so on."""

    word: str


@dataclass(frozen=True, slots=True)
class Has:
    """A key with a string: BCC, BODY, CC, FROM, SUBJECT, TEXT, TO, EMAILID, THREADID."""

    word: str
    text: bytes


@dataclass(frozen=True, slots=True)
class HeaderHas:
    """HEADER: a field of the header holds a string; `b""` asks only whether it is there."""

    field: bytes
    text: bytes


@dataclass(frozen=True, slots=True)
class Keyword:
    """KEYWORD, or UNKEYWORD when `present` is False."""

    flag: Flag
    present: bool = True


@dataclass(frozen=True, slots=True)
class Dated:
    """A key with a day: BEFORE, ON, SINCE, their SENT… and their SAVED…."""

    word: str
    day: date


@dataclass(frozen=True, slots=True)
class Sized:
    """A key with a number: LARGER, SMALLER (octets), OLDER, YOUNGER (seconds)."""

    word: str
    number: int


@dataclass(frozen=True, slots=True)
class ModSeq:
    """MODSEQ: a mod-sequence of at least this much, of one flag's entry where that is named."""

    value: int
    entry: bytes | None = None
    kind: str = "all"


@dataclass(frozen=True, slots=True)
class Among:
    """Messages by number: UID and a set, or a set of sequence numbers; `$` among them."""

    numbers: UidSet | SeqSet


@dataclass(frozen=True, slots=True)
class Not:
    """What a key does not match."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """What a key matches more or less (RFC 6203)."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Or:
    """What one of two keys matches."""

    one: SearchKey
    other: SearchKey


@dataclass(frozen=True, slots=True)
class And:
    """What all keys match."""

    keys: tuple[SearchKey, ...]


SearchKey: TypeAlias = (
    Is | Has | HeaderHas | Keyword | Dated | Sized | ModSeq | Among | Not | Fuzzy | Or | And
)

EVERYTHING: Final = Is("ALL")
WORDS: Final = frozenset({
    "ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "NEW", "OLD", "RECENT", "SEEN", "UNANSWERED",
    "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNSEEN", "SAVEDATESUPPORTED",
})  # fmt: skip
WITH_STRING: Final = frozenset({
    "BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO", "EMAILID", "THREADID",
})  # fmt: skip
WITH_DAY: Final = frozenset({
    "BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE", "SAVEDBEFORE", "SAVEDON",
    "SAVEDSINCE",
})  # fmt: skip
WITH_NUMBER: Final = frozenset({"LARGER", "SMALLER", "OLDER", "YOUNGER"})

_WORD = re.compile(rb"[A-Za-z]++")
_SET_BEGINS = re.compile(rb"[0-9*$]")
_ENTRY_KINDS: Final = {b"ALL", b"PRIV", b"SHARED"}


class _Open:
    """A key whose operands are being read."""

    __slots__ = ("done", "keys", "make", "wanted")

    def __init__(self, make: Callable[[list[SearchKey]], SearchKey], wanted: int | None) -> None:
        self.make = make
        self.wanted = wanted
        self.keys: list[SearchKey] = []


def _all_of(keys: list[SearchKey]) -> SearchKey:
    return keys[0] if len(keys) == 1 else And(tuple(keys))


def decode_keys(cursor: Cursor) -> SearchKey:
    """Read search keys to the end of the line, however they nest, without recursion.

    Several keys side by side are an `And`; a parenthesised single key is that key.

    Raises:
        RemoteProtocolError: They are none, or nest deeper than `MAX_NESTING`.
    """
    outermost = _Open(_all_of, None)
    stack = [outermost]
    while True:
        cursor.count()
        opened = _begin(cursor)
        if isinstance(opened, _Open):
            stack.append(opened)
            if len(stack) > MAX_NESTING:
                raise RemoteProtocolError("search keys nest too deep", limit="MAX_NESTING")
            continue
        stack[-1].keys.append(opened)
        _close(cursor, stack)
        if len(stack) == 1 and cursor.at_end:
            return _all_of(outermost.keys)
        cursor.sp()


def _begin(cursor: Cursor) -> SearchKey | _Open:
    """Read a key that is whole, or the beginning of one with keys inside."""
    if cursor.skip(b"("):
        return _Open(_all_of, None)
    if _SET_BEGINS.match(cursor.octets, cursor.pos):
        return Among(SeqSet.decode(cursor))
    word = cursor.match(_WORD, "a search key").decode("ascii").upper()
    if word in WORDS:
        return Is(word)
    cursor.sp()
    if word == "NOT":
        return _Open(lambda keys: Not(keys[0]), 1)
    if word == "FUZZY":
        return _Open(lambda keys: Fuzzy(keys[0]), 1)
    if word == "OR":
        return _Open(lambda keys: Or(keys[0], keys[1]), 2)
    return _decode_simple(cursor, word)


def _decode_simple(cursor: Cursor, word: str) -> SearchKey:
    if word in WITH_STRING:
        return Has(word, cursor.astring())
    if word in WITH_DAY:
        return Dated(word, decode_date(cursor))
    if word in WITH_NUMBER:
        return Sized(word, cursor.number64())
    if word in {"KEYWORD", "UNKEYWORD"}:
        return Keyword(decode_flag(cursor), word == "KEYWORD")
    if word == "HEADER":
        field = cursor.astring()
        cursor.sp()
        return HeaderHas(field, cursor.astring())
    if word == "UID":
        return Among(UidSet.decode(cursor))
    if word == "MODSEQ":
        return _decode_modseq(cursor)
    raise cursor.error("a search key")


def _decode_modseq(cursor: Cursor) -> ModSeq:
    if not cursor.peek(b'"'):
        return ModSeq(cursor.number64())
    entry = cursor.quoted()
    cursor.sp()
    kind = cursor.word()
    if kind not in _ENTRY_KINDS:
        raise cursor.error("all, priv or shared")
    cursor.sp()
    return ModSeq(cursor.number64(), entry, kind.decode("ascii").lower())


def _close(cursor: Cursor, stack: list[_Open]) -> None:
    """Close every open key that has what it wants."""
    while len(stack) > 1:
        top = stack[-1]
        if top.wanted is None:
            if not cursor.skip(b")"):
                return
        elif len(top.keys) < top.wanted:
            return
        stack.pop()
        stack[-1].keys.append(top.make(top.keys))


def encode_keys(writer: Writer, key: SearchKey) -> None:
    """Write a search key, however it nests, without recursion.

    Raises:
        LocalProtocolError: It nests deeper than `MAX_NESTING`, or a word in it is no key.
    """
    pending: list[tuple[SearchKey | bytes, int]] = []
    if isinstance(key, And) and key.keys:
        _push_list(pending, key.keys, 1)
    else:
        pending.append((key, 1))
    while pending:
        part, depth = pending.pop()
        if depth > MAX_NESTING:
            raise LocalProtocolError("search keys nest too deep")
        if isinstance(part, bytes):
            writer.raw(part)
        elif isinstance(part, And):
            if not part.keys:
                raise LocalProtocolError("an And has one key at the least")
            pending.append((b")", depth))
            _push_list(pending, part.keys, depth + 1)
            writer.raw(b"(")
        elif isinstance(part, Not):
            writer.raw(b"NOT ")
            pending.append((part.key, depth + 1))
        elif isinstance(part, Fuzzy):
            writer.raw(b"FUZZY ")
            pending.append((part.key, depth + 1))
        elif isinstance(part, Or):
            writer.raw(b"OR ")
            pending += [(part.other, depth + 1), (b" ", depth), (part.one, depth + 1)]
        else:
            _encode_simple(writer, part)


def _push_list(
    pending: list[tuple[SearchKey | bytes, int]], keys: tuple[SearchKey, ...], depth: int
) -> None:
    for place, key in enumerate(reversed(keys)):
        if place:
            pending.append((b" ", depth))
        pending.append((key, depth))


def _encode_simple(
    writer: Writer, key: Is | Has | HeaderHas | Keyword | Dated | Sized | ModSeq | Among
) -> None:
    match key:
        case Is(word):
            _encode_word(writer, word, WORDS)
        case Has(word, text):
            _encode_word(writer, word, WITH_STRING)
            writer.sp()
            writer.astring(text)
        case HeaderHas(field, text):
            writer.raw(b"HEADER ")
            writer.astring(field)
            writer.sp()
            writer.astring(text)
        case Keyword(flag, present):
            writer.raw(b"KEYWORD " if present else b"UNKEYWORD ")
            writer.raw(flag_octets(frozenset({flag})))
        case Dated(word, day):
            _encode_word(writer, word, WITH_DAY)
            writer.sp()
            encode_date(writer, day)
        case Sized(word, number):
            _encode_word(writer, word, WITH_NUMBER)
            writer.sp()
            writer.number(number)
        case ModSeq(value, entry, kind):
            writer.raw(b"MODSEQ ")
            if entry is not None:
                writer.string(entry)
                writer.raw(b" %b " % kind.encode("ascii"))
            writer.number(value)
        case Among(numbers):
            if isinstance(numbers, UidSet):
                writer.raw(b"UID ")
            numbers.encode(writer)


def _encode_word(writer: Writer, word: str, allowed: Iterable[str]) -> None:
    if word not in allowed:
        raise LocalProtocolError(f"{word!r} is not a search key of this kind")
    writer.raw(word.encode("ascii"))
