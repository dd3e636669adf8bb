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
from desktopmail.door.view import Condition
from desktopmail.door.words import spaced

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
class Term:
    """One thing that is asked for, as it was typed.

    Attributes:
        name: Of its field, in small letters; empty for words that may stand anywhere.
        text: What the field has to hold, without quotes and the star of a prefix.
        is_phrase: Its words stand in this order.
    """

    name: str
    text: str
    is_phrase: bool = False


@dataclass(slots=True)
class Leaf:
    """A term, with what it asks of the store."""

    term: Term
    match: str = ""  # of the word index, or
    where: str = ""  # of the placement
    parameters: tuple[str | int, ...] = ()


@dataclass(slots=True)
class Not:
    """What something does not match."""

    inner: Node


@dataclass(slots=True)
class All:
    """What all parts match; without any, everything."""

    parts: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Any:
    """What one of the parts matches."""

    parts: list[Node] = field(default_factory=list)


Node = Leaf | Not | All | Any


def parse(query: str) -> Condition:
    """Return what a query asks for.

    Raises:
        SearchError: A date, size or state in it cannot be read, or a parenthesis is not closed.
    """
    node = tree(query)
    parts = node.parts if isinstance(node, All) else [node]
    found = [part for part in parts if _as_match(part)]
    if found:  # what is found by words can also be kept off by words
        found += [part for part in parts if isinstance(part, Not) and _as_match(part.inner)]
    where, parameters = _as_where(All([part for part in parts if part not in found]))
    return Condition(_all_as_match(found), where, parameters)


def tree(query: str) -> Node:
    """Return what a query asks for, term by term: for whoever asks somebody else than the store.

    Raises:
        SearchError: As in `parse`.
    """
    return _Parser(query).whole()


class _Parser:
    """Recursive descent: OR binds weaker than standing beside one another."""

    def __init__(self, query: str) -> None:
        self._tokens = list(_TOKEN.finditer(query))
        self._next = 0

    def whole(self) -> Node:
        node = self._alternatives()
        if self._next < len(self._tokens):
            raise SearchError('The query closes a parenthesis ")" that it never opened.')
        return node

    def _alternatives(self) -> Node:
        parts = [self._sequence()]
        while self._at_or():
            self._next += 1
            parts.append(self._sequence())
        parts = [part for part in parts if not (isinstance(part, All) and not part.parts)]
        if len(parts) == 1:
            return parts[0]
        return Any(parts) if parts else All()

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._next < len(self._tokens) and not self._at_or():
            token = self._tokens[self._next]
            if token["close"]:
                break
            self._next += 1
            node = self._group(token) if token["open"] else _leaf(token)
            if node is not None:
                parts.append(node)
        return parts[0] if len(parts) == 1 else All(parts)

    def _group(self, token: re.Match[str]) -> Node:
        inner = self._alternatives()
        if self._next >= len(self._tokens):
            raise SearchError('The query opens a parenthesis "(" that it never closes.')
        self._next += 1
        return Not(inner) if token["open"].startswith("-") else inner

    def _at_or(self) -> bool:
        if self._next >= len(self._tokens):
            return False
        token = self._tokens[self._next]
        return token["word"] == "OR" and not token["field"] and not token["minus"]


def _leaf(token: re.Match[str]) -> Node | None:
    name = (token["field"] or "").lower()
    is_phrase = token["phrase"] is not None
    text = token["phrase"] if is_phrase else token["word"]
    if name in _CONDITIONS:
        node: Node | None = _condition(name, text)
    elif name in _TEXT_COLUMNS:
        node = _words(name, text, is_phrase=is_phrase)
    else:
        node = _words("", f"{token['field']} {text}" if name else text, is_phrase=is_phrase)
    if node is None:
        return None
    return Not(node) if token["minus"] else node


def _words(name: str, text: str, *, is_phrase: bool) -> Node | None:
    # The tokenizer of the index cuts "foo@bar.org" into three words; in quotes they stay in order.
    is_prefix = not is_phrase and text.endswith("*")
    if not _WORD.search(text):
        return None
    text = text.rstrip("*") if is_prefix else text
    quoted = '"' + spaced(text).replace('"', " ").strip() + '"'
    column = _TEXT_COLUMNS.get(name, "")
    return Leaf(
        Term(name, text, is_phrase),
        match=(f"{{{column}}} : " if column else "") + quoted + (" *" if is_prefix else ""),
    )


def _condition(name: str, text: str) -> Node:
    term = Term(name, text)
    match name:
        case "is":
            if text.lower() not in _STATES:
                raise SearchError(
                    f"is:{text} is not known; there are {', '.join(sorted(_STATES))}."
                )
            return Leaf(term, where=_STATES[text.lower()])
        case "has":
            if text.lower() not in {"attachment", "attachments"}:
                raise SearchError(f"has:{text} is not known; there is has:attachment.")
            return Leaf(term, where="p.attachment = 1")
        case "before" | "after":
            return Leaf(
                term,
                where="p.date_s < ?" if name == "before" else "p.date_s >= ?",
                parameters=(_seconds(name, text),),
            )
        case "larger" | "smaller":
            return Leaf(
                term,
                where="p.size > ?" if name == "larger" else "p.size < ?",
                parameters=(size_of(name, text),),
            )
        case "tag":
            return Leaf(
                term,
                where="EXISTS (SELECT 1 FROM placement_tag AS pt JOIN tag AS t ON t.id = pt.tag_id"
                " WHERE pt.placement_id = p.id"
                " AND (t.name IN (?, ?) OR t.label = ? COLLATE NOCASE))",
                parameters=(text, name_of(text), text),
            )
        case "in":
            return Leaf(
                term,
                where="p.mailbox_id IN (SELECT id FROM mailbox"
                " WHERE coalesce(renamed_to, path) = ? COLLATE NOCASE OR role = lower(?))",
                parameters=(text, text),
            )
        case _:
            return Leaf(
                term,
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


def size_of(name: str, text: str) -> int:
    """The octets of a size such as 10M.

    Raises:
        SearchError: It is none; the sentence names the field it stands in.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise SearchError(f"{name}:{text} is not a size; write it as {name}:10M.")
    return int(found[1]) * _UNITS[found[2].lower()]


def _as_match(node: Node) -> str:
    """Return a node as an expression of the word index, or "" where it is not of words alone."""
    if isinstance(node, Leaf):
        return node.match
    if isinstance(node, Not):
        return ""  # the index knows "a NOT b" only
    if isinstance(node, All):
        return _all_as_match(node.parts)
    texts = [_as_match(part) for part in node.parts]
    return " OR ".join(f"({text})" for text in texts) if texts and all(texts) else ""


def _all_as_match(parts: list[Node]) -> str:
    texts = [_as_match(part) for part in parts if not isinstance(part, Not)]
    refused = [_as_match(part.inner) for part in parts if isinstance(part, Not)]
    if not texts or not all(texts) or not all(refused):
        return ""
    wanted = " AND ".join(f"({text})" for text in texts)
    return f"({wanted})" + "".join(f" NOT ({text})" for text in refused) if refused else wanted


def _as_where(node: Node) -> tuple[str, tuple[str | int, ...]]:
    if text := _as_match(node):
        return (
            "p.message_id IN (SELECT m.id FROM words JOIN message AS m ON m.words_id = words.rowid"
            " WHERE words MATCH ?)",
            (text,),
        )
    if isinstance(node, Leaf):
        return node.where, node.parameters
    if isinstance(node, Not):
        where, parameters = _as_where(node.inner)
        return f"NOT ({where})", parameters
    pieces = [_as_where(part) for part in node.parts]
    if not pieces:
        return "1", ()
    joined = (" AND " if isinstance(node, All) else " OR ").join(f"({text})" for text, _ in pieces)
    return joined, tuple(value for _, values in pieces for value in values)
