"""Search keys as one SQL condition, so that SQLite scans and this process does not."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from desktopmail.wire.imap.search_key import (
    Among,
    And,
    Dated,
    Fuzzy,
    Has,
    HeaderHas,
    Is,
    Keyword,
    ModSeq,
    Not,
    Or,
    Sized,
)
from localserver.imap.search_charset import UnknownCharsetError, codec_of
from localserver.store.errors import LimitError
from localserver.store.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from localserver.store.folding import folded
from localserver.store.look import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from desktopmail.wire.imap.search_key import SearchKey
    from localserver.imap.view import View
    from localserver.store.flags import FlagTable

_EPOCH_ORDINAL: Final = 719_163  # date(1970, 1, 1).toordinal()
_DAY_S: Final = 86_400
# EMAILID and THREADID, below the 63 bits of SQLite's integers.
_OBJECT_NUMBER = re.compile(rb"([MT])([0-9a-f]{1,15})")
_FLAGS: Final = {
    "ANSWERED": ANSWERED, "DELETED": DELETED, "DRAFT": DRAFT, "FLAGGED": FLAGGED, "SEEN": SEEN,
}  # fmt: skip
_COLUMNS: Final = {
    "FROM": "from_text", "TO": "to_text", "CC": "cc_text", "BCC": "bcc_text",
    "SUBJECT": "subject",
}  # fmt: skip
# The octets of a plain ASCII message stand for its text.
_HEADER_TEXT: Final = "coalesce(header_text, lower(CAST(header AS TEXT)))"
_BODY_TEXT: Final = "coalesce(body_text, lower(CAST(content.body AS TEXT)))"
# Every message may be held against every key, and SQLite's time for a statement grows with their
# square: a line of keys alone would keep the whole server for a minute.
MAX_KEYS: Final = 1000
# Each of them reads a message as a whole, the largest in 0.2 s.
MAX_TEXTS: Final = 100
# UIDs that the sets of one search list one by one, when they cannot be told as a few ranges.
MAX_LISTED: Final = 2_000_000
_FEW_RANGES: Final = 8
_NEVER: Final = "0"
_ALWAYS: Final = "1"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of a WHERE, and what it is bound to.

    Attributes:
        sql: Over entry, message, finding and content.
        bindings: In the order of the question marks.
        cost: How much has to be read for it: 0 the entry, 1 columns, 2 contents.
        keys: How many conditions it is made of.
        texts: What is looked for in contents; the condition of a large message is NULL without it.
        names_modseq: MODSEQ was searched, so the answer tells the highest.
        names_threads: THREADID was searched, so every message needs its thread first.
    """

    sql: str
    bindings: tuple[object, ...] = ()
    cost: int = 0
    names_modseq: bool = False
    names_threads: bool = False
    keys: int = 1
    texts: tuple[Text, ...] = ()


class Compiler:
    """Compiles the keys of one SEARCH.

    Args:
        view: The selected mailbox.
        flags: The user's keywords.
        charset: Of the strings, as the client names it, or None.
        now: For OLDER and YOUNGER.

    Raises:
        UnknownCharsetError: The charset is not known; `compile`: a string is not in it.
    """

    def __init__(self, view: View, flags: FlagTable, charset: str | None, now: datetime) -> None:
        self._codec = codec_of(charset)
        self._keys = self._listed = 0
        self._texts: list[Text] = []
        self._view = view
        self._flags = flags
        self._now = int(now.timestamp())

    def compile(self, key: SearchKey) -> Condition:
        """Return the condition of a key. Keys nest at most a hundred deep.

        Raises:
            LimitError: It is made of more than any client asks for.
        """
        condition = self._compiled(key)
        return replace(condition, texts=tuple(self._texts))

    def _compiled(self, key: SearchKey) -> Condition:
        self._keys += 1
        if self._keys > MAX_KEYS:
            raise LimitError(f"A search has at most {MAX_KEYS} keys.")
        match key:
            case And(keys):
                return _joined([self._compiled(each) for each in keys], "AND")
            case Or(one, other):
                return _joined([self._compiled(one), self._compiled(other)], "OR")
            case Not(inner):
                found = self._compiled(inner)
                return replace(found, sql=f"NOT ({found.sql})")
            case Fuzzy(inner):
                return self._compiled(inner)
            case Is(word):
                return self._word(word)
            case Has(word, text):
                return self._has(word, text)
            case HeaderHas(field, text):
                return self._header(field, text)
            case Keyword(flag, present):
                bit = self._flags.bit(flag)
                return _bit(bit, present=present)
            case Dated(word, day):
                return _dated(word, day.toordinal())
            case Sized(word, number):
                return self._sized(word, number)
            case ModSeq(value):
                return Condition("modseq>=?", (value,), 0, names_modseq=True)
            case Among(numbers):
                return self._among(self._view.ranges(numbers) or [])

    def _word(self, word: str) -> Condition:
        if word in {"ALL", "SAVEDATESUPPORTED"}:
            return Condition(_ALWAYS)
        if word in {"RECENT", "OLD", "NEW"}:
            recent = self._listing(sorted(self._view.recent))
            if word == "OLD":
                return Condition(f"NOT ({recent.sql})", recent.bindings)
            unseen = _bit(SEEN, present=False)
            return recent if word == "RECENT" else _joined([recent, unseen], "AND")
        if word.startswith("UN"):
            return _bit(_FLAGS[word[2:]], present=False)
        return _bit(_FLAGS[word], present=True)

    def _has(self, word: str, text: bytes) -> Condition:
        if word == "EMAILID":
            return _email_id(text)
        if word == "THREADID":
            return _thread_id(text)
        wanted = self._decoded(text)
        if word in _COLUMNS:
            return Condition(f"instr({_COLUMNS[word]}, ?)", (wanted,), 1)
        if word == "BODY":
            return self._text(Text(wanted, word), f"instr({_BODY_TEXT}, ?)", (wanted,))
        texts = ("subject", _HEADER_TEXT, "coalesce(parts_text, '')", _BODY_TEXT)
        sql = " OR ".join(f"instr({text}, ?)" for text in texts)
        return self._text(Text(wanted, word), sql, (wanted,) * len(texts))

    def _header(self, field: bytes, text: bytes) -> Condition:
        name = field.decode("utf-8", "replace")
        wanted = self._decoded(text)
        if name.upper() in _COLUMNS and wanted:
            return Condition(f"instr({_COLUMNS[name.upper()]}, ?)", (wanted,), 1)
        return self._text(Text(wanted, f":{name}"), "header_has(header, ?, ?)", (name, wanted))

    def _text(self, text: Text, small: str, bindings: tuple[object, ...]) -> Condition:
        """Return the condition for a text in contents: `small` where the message is not large."""
        self._texts.append(text)
        if len(self._texts) > MAX_TEXTS:
            raise LimitError(f"A search has at most {MAX_TEXTS} keys TEXT, BODY and HEADER.")
        return Condition(text.sql(len(self._texts), f"({small})"), bindings, 2)

    def _among(self, places: list[range]) -> Condition:
        """Return the condition for messages at places of the mailbox, which are ascending."""
        uids = self._view.uids
        filled = [(uids[each[0]], uids[each[-1]]) for each in places if each]
        if not filled:
            return Condition(_NEVER)
        if len(filled) <= _FEW_RANGES:
            sql = " OR ".join(["uid BETWEEN ? AND ?"] * len(filled))
            return Condition(f"({sql})", tuple(end for ends in filled for end in ends))
        return self._listing([uids[place] for each in places for place in each])

    def _listing(self, uids: Sequence[int]) -> Condition:
        if not uids:
            return Condition(_NEVER)
        if uids[-1] - uids[0] + 1 == len(uids):
            return Condition("uid BETWEEN ? AND ?", (uids[0], uids[-1]))
        if self._listed and self._listed + len(uids) > MAX_LISTED:
            raise LimitError(f"The sets of a search name at most {MAX_LISTED} messages.")
        self._listed += len(uids)
        return Condition("uid IN (SELECT value FROM json_each(?))", (json.dumps(list(uids)),))

    def _decoded(self, text: bytes) -> str:
        try:
            return folded(text.decode(self._codec))
        except UnicodeDecodeError as error:
            raise UnknownCharsetError from error

    def _sized(self, word: str, number: int) -> Condition:
        match word:
            case "LARGER":
                return Condition("size>?", (number,), 1)
            case "SMALLER":
                return Condition("size<?", (number,), 1)
            case "OLDER":
                return Condition("arrived<=?", (self._now - number,), 1)
            case _:
                return Condition("arrived>=?", (self._now - number,), 1)


def _bit(bit: int, *, present: bool) -> Condition:
    if not bit:
        return Condition(_NEVER if present else _ALWAYS)
    return Condition(f"flags & {bit}" if present else f"NOT flags & {bit}")


def _email_id(text: bytes) -> Condition:
    number = _object_number(text, b"M")
    return Condition(_NEVER) if number is None else Condition("entry.message=?", (number,))


def _thread_id(text: bytes) -> Condition:
    number = _object_number(text, b"T")
    if number is None:
        return Condition(_NEVER)
    members = "entry.message IN (SELECT message FROM thread WHERE thread=?)"
    return Condition(members, (number,), names_threads=True)


def _object_number(text: bytes, prefix: bytes) -> int | None:
    """Return the number of an EMAILID or THREADID as this server writes it, else None."""
    found = _OBJECT_NUMBER.fullmatch(text)
    return int(found[2], 16) if found is not None and found[1] == prefix else None


def _dated(word: str, ordinal: int) -> Condition:
    if word.startswith("SENT"):
        # The day in the Date field, its time and zone disregarded; without one, INTERNALDATE.
        column = f"coalesce(sent_day, (arrived+zone*60)/{_DAY_S}+{_EPOCH_ORDINAL})"
        word = word[4:]
        cost = 1
    elif word.startswith("SAVED"):
        column, word, cost = f"saved/{_DAY_S}+{_EPOCH_ORDINAL}", word[5:], 0
    else:
        column, cost = f"(arrived+zone*60)/{_DAY_S}+{_EPOCH_ORDINAL}", 1
    operator = {"BEFORE": "<", "ON": "=", "SINCE": ">="}[word]
    return Condition(f"{column}{operator}?", (ordinal,), cost)


def _joined(conditions: list[Condition], operator: str) -> Condition:
    """Join conditions, the cheap ones first, as a balanced tree: SQLite bounds its depth."""
    ordered = sorted(conditions, key=lambda condition: condition.cost)
    while len(ordered) > 1:
        pairs = [ordered[place : place + 2] for place in range(0, len(ordered), 2)]
        ordered = [pair[0] if len(pair) == 1 else _pair(pair[0], pair[1], operator)
                   for pair in pairs]  # fmt: skip
    return ordered[0]


def _pair(one: Condition, other: Condition, operator: str) -> Condition:
    return Condition(
        f"({one.sql} {operator} {other.sql})",
        one.bindings + other.bindings,
        max(one.cost, other.cost),
        one.names_modseq or other.names_modseq,
        one.names_threads or other.names_threads,
        one.keys + other.keys,
    )
