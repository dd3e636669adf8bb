"""The search language: what a person types, as a condition over the store.

    words "a phrase" prefix* -without one OR other (grouped things)
    from: to: subject: body: filename: in: account: tag:
    has:attachment is:unread is:flagged before:2026-01-31 after: larger:10M smaller:

Words look into subject, people, body and the names of attachments. A field that is not known is
taken as words, so that a pasted "Re: x" finds what it says.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from desktopmail.door.interface import DoorError
from desktopmail.door.tags import name_of
from desktopmail.door.words import spaced

#: The rowid of the word index is `(date << DATE_SHIFT) + message id`.
DATE_SHIFT = 30
MESSAGE_MASK = (1 << DATE_SHIFT) - 1

_TEXT_COLUMNS = {
    "from": "sender",
    "to": "recipients",
    "cc": "recipients",
    "subject": "subject",
    "body": "body",
    "filename": "files",
}
_STATES = {
    "unread": "p.flags & 1 = 0",
    "read": "p.flags & 1 <> 0",
    "seen": "p.flags & 1 <> 0",
    "answered": "p.flags & 2 <> 0",
    "flagged": "p.flags & 4 <> 0",
    "starred": "p.flags & 4 <> 0",
    "draft": "p.flags & 16 <> 0",
    "forwarded": "p.flags & 32 <> 0",
}
_CONDITIONS = {"in", "account", "tag", "has", "is", "before", "after", "larger", "smaller"}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>-?\() | (?P<close>\)) |
      (?P<minus>-)? (?:(?P<field>[A-Za-z]+):)? (?:"(?P<phrase>[^"]*)"? | (?P<word>[^\s"()]+))
    )""",
    re.VERBOSE,
)
_SIZE = re.compile(r"(\d+)([kKmMgG]?)[bB]?")
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_WORD = re.compile(r"\w")


class SearchError(DoorError):
    """A query that cannot be understood: one sentence that says which part."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="bad-query")


@dataclass(frozen=True, slots=True)
class Condition:
    """A query as SQL over the placements `p`, driven by the word index where it can be.

    Attributes:
        match: An expression of the word index that every hit matches, or "".
        where: A condition on `p`, "1" where there is none.
        parameters: Of `where`, in order.
    """

    match: str
    where: str
    parameters: tuple[str | int, ...]


@dataclass(slots=True)
class _Leaf:
    match: str = ""  # of the word index, or
    where: str = ""  # of the placement
    parameters: tuple[str | int, ...] = ()


@dataclass(slots=True)
class _Not:
    inner: _Node


@dataclass(slots=True)
class _All:
    parts: list[_Node] = field(default_factory=list)


@dataclass(slots=True)
class _Any:
    parts: list[_Node] = field(default_factory=list)


_Node = _Leaf | _Not | _All | _Any


def parse(query: str) -> Condition:
    """Return what a query asks for.

    Raises:
        SearchError: A date, size or state in it cannot be read, or a parenthesis is not closed.
    """
    node = _Parser(query).whole()
    parts = node.parts if isinstance(node, _All) else [node]
    matches = [text for text in map(_as_match, parts) if text]
    rest = [part for part in parts if not _as_match(part)]
    where, parameters = _as_where(_All(rest))
    return Condition(" AND ".join(f"({text})" for text in matches), where, parameters)


class _Parser:
    """Recursive descent: OR binds weaker than standing beside one another."""

    def __init__(self, query: str) -> None:
        self._tokens = list(_TOKEN.finditer(query))
        self._next = 0

    def whole(self) -> _Node:
        node = self._alternatives()
        if self._next < len(self._tokens):
            raise SearchError('The query closes a parenthesis ")" that it never opened.')
        return node

    def _alternatives(self) -> _Node:
        parts = [self._sequence()]
        while self._at_or():
            self._next += 1
            parts.append(self._sequence())
        parts = [part for part in parts if not (isinstance(part, _All) and not part.parts)]
        if len(parts) == 1:
            return parts[0]
        return _Any(parts) if parts else _All()

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self._next < len(self._tokens) and not self._at_or():
            token = self._tokens[self._next]
            if token["close"]:
                break
            self._next += 1
            node = self._group(token) if token["open"] else _leaf(token)
            if node is not None:
                parts.append(node)
        return parts[0] if len(parts) == 1 else _All(parts)

    def _group(self, token: re.Match[str]) -> _Node:
        inner = self._alternatives()
        if self._next >= len(self._tokens):
            raise SearchError('The query opens a parenthesis "(" that it never closes.')
        self._next += 1
        return _Not(inner) if token["open"].startswith("-") else inner

    def _at_or(self) -> bool:
        if self._next >= len(self._tokens):
            return False
        token = self._tokens[self._next]
        return token["word"] == "OR" and not token["field"] and not token["minus"]


def _leaf(token: re.Match[str]) -> _Node | None:
    name = (token["field"] or "").lower()
    is_phrase = token["phrase"] is not None
    text = token["phrase"] if is_phrase else token["word"]
    if name in _CONDITIONS:
        node: _Node | None = _condition(name, text)
    elif name in _TEXT_COLUMNS:
        node = _words(text, column=_TEXT_COLUMNS[name], is_phrase=is_phrase)
    else:
        node = _words(f"{token['field']} {text}" if name else text, is_phrase=is_phrase)
    if node is None:
        return None
    return _Not(node) if token["minus"] else node


def _words(text: str, *, column: str = "", is_phrase: bool) -> _Node | None:
    # The tokenizer of the index cuts "foo@bar.org" into three words; in quotes they stay in order.
    is_prefix = not is_phrase and text.endswith("*")
    if not _WORD.search(text):
        return None
    quoted = '"' + spaced(text.rstrip("*") if is_prefix else text).replace('"', " ").strip() + '"'
    return _Leaf(
        match=(f"{{{column}}} : " if column else "") + quoted + (" *" if is_prefix else "")
    )


def _condition(name: str, text: str) -> _Node:
    match name:
        case "is":
            if text.lower() not in _STATES:
                raise SearchError(
                    f"is:{text} is not known; there are {', '.join(sorted(_STATES))}."
                )
            return _Leaf(where=_STATES[text.lower()])
        case "has":
            if text.lower() not in {"attachment", "attachments"}:
                raise SearchError(f"has:{text} is not known; there is has:attachment.")
            return _Leaf(where="p.attachment = 1")
        case "before" | "after":
            return _Leaf(
                where="p.date_s < ?" if name == "before" else "p.date_s >= ?",
                parameters=(_seconds(name, text),),
            )
        case "larger" | "smaller":
            return _Leaf(
                where="p.size > ?" if name == "larger" else "p.size < ?",
                parameters=(_octets(name, text),),
            )
        case "tag":
            return _Leaf(
                where="EXISTS (SELECT 1 FROM placement_tag AS pt JOIN tag AS t ON t.id = pt.tag_id"
                " WHERE pt.placement_id = p.id"
                " AND (t.name IN (?, ?) OR t.label = ? COLLATE NOCASE))",
                parameters=(text, name_of(text), text),
            )
        case "in":
            return _Leaf(
                where="p.mailbox_id IN (SELECT id FROM mailbox"
                " WHERE coalesce(renamed_to, path) = ? COLLATE NOCASE OR role = lower(?))",
                parameters=(text, text),
            )
        case _:
            return _Leaf(
                where="p.mailbox_id IN (SELECT m.id FROM mailbox AS m JOIN account AS a"
                " ON a.id = m.account_id WHERE a.name = ? COLLATE NOCASE"
                " OR a.address = ? COLLATE NOCASE)",
                parameters=(text, text),
            )


def _seconds(name: str, text: str) -> int:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SearchError(f"{name}:{text} is not a date; write it as {name}:2026-01-31.") from None
    midnight = dt.datetime(
        day.year, day.month, day.day
    ).astimezone()  # a day where the reader lives
    return int(midnight.timestamp())


def _octets(name: str, text: str) -> int:
    found = _SIZE.fullmatch(text)
    if found is None:
        raise SearchError(f"{name}:{text} is not a size; write it as {name}:10M.")
    return int(found[1]) * _UNITS[found[2].lower()]


def _as_match(node: _Node) -> str:
    """Return a node as an expression of the word index, or "" where it is not of words alone."""
    if isinstance(node, _Leaf):
        return node.match
    if isinstance(node, _Not):
        return ""  # the index knows "a NOT b" only
    texts = [_as_match(part) for part in node.parts]
    if not texts or not all(texts):
        return ""
    return (" AND " if isinstance(node, _All) else " OR ").join(f"({text})" for text in texts)


def _as_where(node: _Node) -> tuple[str, tuple[str | int, ...]]:
    if text := _as_match(node):
        return (
            f"p.message_id IN (SELECT rowid & {MESSAGE_MASK} FROM words WHERE words MATCH ?)",
            (text,),
        )
    if isinstance(node, _Leaf):
        return node.where, node.parameters
    if isinstance(node, _Not):
        where, parameters = _as_where(node.inner)
        return f"NOT ({where})", parameters
    pieces = [_as_where(part) for part in node.parts]
    if not pieces:
        return "1", ()
    joined = (" AND " if isinstance(node, _All) else " OR ").join(f"({text})" for text, _ in pieces)
    return joined, tuple(value for _, values in pieces for value in values)
