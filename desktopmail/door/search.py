"""The search language: what a person types, as a condition over the store.

    words "a phrase" prefix* -without one OR other (grouped things)
    from: to: subject: body: filename: in: account: tag:
    has:attachment is:unread is:flagged before:2026-01-31 after: larger:10M smaller:

Words look into subject, people, body and the names of attachments. A field that is not known is
taken as words, so that a pasted "Re: x" finds what it says. Of a beginning behind other words
(`jane.d*`) the order counts from its third letter on.
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING

from desktopmail.door.contradiction import NOTHING, simplified
from desktopmail.door.interface import DoorError
from desktopmail.door.tags import name_of
from desktopmail.door.terms import All, Any, Leaf, Not, Term, Way, opposite_of, parts_of, state_of
from desktopmail.door.view import SINCE, WORDS_ID, Condition, Sql
from desktopmail.door.vocabulary import beginning, phrase
from desktopmail.door.words import EVERY, quoted, spaced

if TYPE_CHECKING:
    from desktopmail.door.terms import Node
    from desktopmail.door.vocabulary import Vocabulary

_TEXT_COLUMNS = {
    "from": "sender",
    "to": "recipients",
    "cc": "recipients",
    "subject": "subject",
    "body": "body",
    "filename": "files",
}
# What each state asks of the flags, and the index of the placements that have it.
_STATES = {
    "unread": ("flags & 1 = 0", "placement_unread"),
    "read": ("flags & 1 <> 0", "placement_read"),
    "seen": ("flags & 1 <> 0", "placement_read"),
    "answered": ("flags & 2 <> 0", "placement_answered"),
    "flagged": ("flags & 4 <> 0", "placement_flagged"),
    "starred": ("flags & 4 <> 0", "placement_flagged"),
    "draft": ("flags & 16 <> 0", "placement_draft"),
    "forwarded": ("flags & 32 <> 0", "placement_forwarded"),
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
_WORD = re.compile(r"[^\W_]")
# What SQLite counts up to is twice that: nothing is as large.
_LARGEST = 2**62 - 1
_MOST_DIGITS = 18
# Of more SQLite says that it is too much, and a thousand words take seconds. Its index reads
# some thirty parentheses in one another.
_MOST_PARTS = 200
_DEEPEST = 16
# What stands behind each operator, as an example.
_EXAMPLES = {
    "from": "ben",
    "to": "ben",
    "cc": "ben",
    "subject": "lunch",
    "body": "lunch",
    "filename": "plan",
    "in": "archive",
    "account": "anna@example.org",
    "tag": "important",
    "is": "unread",
    "has": "attachment",
    "before": "2026-01-31",
    "after": "2026-01-31",
    "larger": "10M",
    "smaller": "10M",
}


class SearchError(DoorError):
    """A query that cannot be understood: one sentence that says which part."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code="bad-query")


def parse(query: str, vocabulary: Vocabulary | None = None) -> Condition:
    """Return what a query asks for.

    Args:
        query: As it was typed.
        vocabulary: The words of the index: with them beginnings of words are found sooner.

    Raises:
        SearchError: A value in it is missing or cannot be read, a parenthesis is not closed, or it
            is too long.
    """
    return _condition_of(simplified(_Parser(query, vocabulary).whole()))


def alternatives(node: Node, most: int) -> list[Condition] | None:
    """Conditions of which all that satisfies a node, and nothing else, satisfies one at least.

    None of them looks for words inside of anything else. None where they are more than `most`.
    """
    found = _alternatives(node, most)
    if found is None:
        return None
    ways = [simplified(All(parts)) for parts in found]
    return [_condition_of(way) for way in ways if way != NOTHING]


def _alternatives(node: Node, most: int) -> list[list[Node]] | None:
    if as_match(node):
        return [[node]]
    if isinstance(node, Not):
        turned = _turned(node.inner)
        return [[node]] if turned is None else _alternatives(turned, most)
    if isinstance(node, Leaf):
        return [[node]]
    found = [_alternatives(part, most) for part in node.parts]
    ways = [one for one in found if one is not None]
    count = sum(map(len, ways)) if isinstance(node, Any) else prod(map(len, ways))
    if len(ways) < len(found) or count > most:
        return None
    if isinstance(node, Any):
        return [parts for way in ways for parts in way]
    return [[part for parts in combined for part in parts] for combined in product(*ways)]


def _turned(inner: Node) -> Node | None:
    """What does not match `inner`, said of its parts; None where it is one thing."""
    if isinstance(inner, Not):
        return inner.inner
    if isinstance(inner, Leaf) or as_match(inner):
        return None
    parts: list[Node] = [Not(part) for part in inner.parts]
    return Any(parts) if isinstance(inner, All) else All(parts)


def _condition_of(node: Node) -> Condition:
    parts = parts_of(node)
    found = [part for part in parts if as_match(part)]
    refused = [part for part in parts if isinstance(part, Not) and as_match(part.inner)]
    rest = All([part for part in parts if part not in found and part not in refused])
    if refused and not found:  # the index knows "a NOT b" only
        found = [Leaf(Term("", ""), match=quoted(EVERY))]
    found += refused
    where, parameters = _as_where(rest)
    leaves = [part for part in parts if isinstance(part, Leaf)]
    return Condition(
        _all_as_match(found),
        where,
        parameters,
        filters=rest,
        is_impossible=node == NOTHING,
        within=tuple(
            Sql(
                f"SELECT p.mailbox_id FROM (SELECT id AS mailbox_id FROM mailbox) AS p"
                f" WHERE {leaf.where}",
                leaf.parameters,
            )
            for leaf in leaves
            if leaf.term.name in {"in", "account"}
        ),
        since_s=max((_day(leaf) for leaf in leaves if leaf.term.name == "after"), default=None),
        until_s=min((_day(leaf) for leaf in leaves if leaf.term.name == "before"), default=None),
    )


def tree(query: str) -> Node:
    """Return what a query asks for, term by term: for whoever asks somebody else than the store.

    Raises:
        SearchError: As in `parse`.
    """
    return _Parser(query, None).whole()


def positive(node: Not) -> Leaf | None:
    """The leaf that asks for what a negated one lacks, where one does."""
    opposite = opposite_of(state_of(node.inner.term)) if isinstance(node.inner, Leaf) else ""
    return _state(Term("is", opposite)) if opposite else None


class _Parser:
    """Recursive descent: OR binds weaker than standing beside one another."""

    def __init__(self, query: str, vocabulary: Vocabulary | None) -> None:
        self._vocabulary = vocabulary
        # What cannot be written as UTF-8 stands nowhere.
        sound = query.encode("utf-8", "replace").decode("utf-8")
        self._tokens = list(islice(_TOKEN.finditer(sound), _MOST_PARTS + 1))
        if len(self._tokens) > _MOST_PARTS:
            raise SearchError("The query is too long; leave out some of its words.")
        self._next = 0
        self._depth = 0

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
            node = self._group(token) if token["open"] else self._leaf(token)
            if node is not None:
                parts.append(node)
        return parts[0] if len(parts) == 1 else All(parts)

    def _group(self, token: re.Match[str]) -> Node | None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SearchError("The query has too many parentheses in one another; leave out some.")
        inner = self._alternatives()
        self._depth -= 1
        if self._next >= len(self._tokens):
            raise SearchError('The query opens a parenthesis "(" that it never closes.')
        self._next += 1
        if isinstance(inner, All) and not inner.parts:
            return None  # nothing was said, not even by a minus before it
        return Not(inner) if token["open"].startswith("-") else inner

    def _at_or(self) -> bool:
        if self._next >= len(self._tokens):
            return False
        token = self._tokens[self._next]
        return token["word"] == "OR" and not token["field"] and not token["minus"]

    def _leaf(self, token: re.Match[str]) -> Node | None:
        name = (token["field"] or "").lower()
        is_phrase = token["phrase"] is not None
        text = token["phrase"] if is_phrase else token["word"]
        if name in _EXAMPLES and not text.strip():
            raise _nothing_behind(name)
        if not name and not is_phrase and text[-1] == ":" and text[:-1].lower() in _EXAMPLES:
            raise _nothing_behind(text[:-1].lower())
        if name in _CONDITIONS:
            node: Leaf | None = _condition(name, text)
        elif name in _TEXT_COLUMNS:
            node = self._words(name, text, is_phrase=is_phrase)
        else:
            whole = f"{token['field']} {text}" if name else text
            node = self._words("", whole, is_phrase=is_phrase)
        if node is None:
            return None
        return Not(node) if token["minus"] else node

    def _words(self, name: str, text: str, *, is_phrase: bool) -> Leaf | None:
        # The tokenizer of the index cuts "foo@bar.org" into three words; in quotes they stay in
        # order.
        is_prefix = not is_phrase and text.endswith("*")
        if not _WORD.search(text):
            return None
        text = text.rstrip("*") if is_prefix else text
        column = _TEXT_COLUMNS.get(name, "")
        match = self._beginning(spaced(text)) if is_prefix else phrase(spaced(text))
        return Leaf(
            Term(name, text, is_phrase), match=(f"{{{column}}} : " if column else "") + match
        )

    def _beginning(self, text: str) -> str:
        found = self._vocabulary.beginning_with(text) if self._vocabulary else ""
        return found or beginning(text)


def _nothing_behind(name: str) -> SearchError:
    return SearchError(
        f"{name}: has no value; write it without a space, as in {name}:{_EXAMPLES[name]}."
    )


def _state(term: Term) -> Leaf:
    asked, index = _STATES[term.text.lower()]
    return Leaf(term, where=f"p.{asked}", few=few_of(index, f"p.{asked}"))


def few_of(index: str, condition: str = "", mailboxes: str = "({boxes})") -> Way:
    """A way to placements of mailboxes along one of their indexes."""
    return Way(
        f"SELECT p.id FROM placement AS p INDEXED BY {index}"
        f" WHERE p.mailbox_id IN {mailboxes} AND p.shown = 1"
        + (f" AND {condition}" if condition else ""),
        is_walk=True,
    )


def _condition(name: str, text: str) -> Leaf:
    term = Term(name, text)
    match name:
        case "is":
            if text.lower() not in _STATES:
                raise SearchError(
                    f"is:{text} is not known; there are {', '.join(sorted(_STATES))}."
                )
            return _state(term)
        case "has":
            if text.lower() not in {"attachment", "attachments"}:
                raise SearchError(f"has:{text} is not known; there is has:attachment.")
            return Leaf(
                term,
                where="p.attachment = 1",
                few=few_of("placement_attachment", "p.attachment = 1"),
            )
        case "before" | "after":
            compared = "date_s < ?" if name == "before" else "date_s >= ?"
            return Leaf(
                term,
                where=f"p.{compared}",
                parameters=(_seconds(name, text),),
                few=few_of("placement_by_date", f"p.{compared}"),
            )
        case "larger" | "smaller":
            compared = "size > ?" if name == "larger" else "size < ?"
            return Leaf(
                term,
                where=f"+p.{compared}",  # with a plus: a walk is by date, where not by `few`
                parameters=(size_of(name, text),),
                few=few_of("placement_by_size", f"p.{compared}"),
            )
        case "tag":
            return Leaf(
                term,
                where="EXISTS (SELECT 1 FROM placement_tag AS pt JOIN tag AS t ON t.id = pt.tag_id"
                " WHERE pt.placement_id = p.id"
                " AND (t.name IN (?, ?) OR t.label = ? COLLATE NOCASE))",
                parameters=(text, name_of(text), text),
                few=Way(
                    "SELECT ft.placement_id FROM tag AS t CROSS JOIN placement_tag AS ft"
                    " INDEXED BY placement_tag_by_tag ON ft.tag_id = t.id"
                    " WHERE t.name IN (?, ?) OR t.label = ? COLLATE NOCASE",
                    is_walk=False,
                ),
            )
        case "in":
            return _within(
                term,
                "(SELECT id FROM mailbox"
                " WHERE coalesce(renamed_to, path) = ? COLLATE NOCASE OR role = lower(?))",
            )
        case _:
            return _within(
                term,
                "(SELECT m.id FROM mailbox AS m JOIN account AS a"
                " ON a.id = m.account_id WHERE a.name = ? COLLATE NOCASE"
                " OR a.address = ? COLLATE NOCASE)",
            )


def _within(term: Term, mailboxes: str) -> Leaf:
    return Leaf(
        term,
        where=f"p.mailbox_id IN {mailboxes}",
        parameters=(term.text, term.text),
        few=few_of("placement_by_date", mailboxes=mailboxes),
    )


def _day(leaf: Leaf) -> int:
    return int(leaf.parameters[0])


def _seconds(name: str, text: str) -> int:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise SearchError(f"{name}:{text} is not a date; write it as {name}:2026-01-31.") from None
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
    try:
        there = midnight.replace(tzinfo=None).astimezone()  # a day where the reader lives
    except (ValueError, OverflowError, OSError):  # of a year that the system's clock cannot tell
        there = midnight
    return int(there.timestamp())


def size_of(name: str, text: str) -> int:
    """The octets of a size such as 10M.

    Raises:
        SearchError: It is none; the sentence names the field it stands in.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise SearchError(f"{name}:{text} is not a size; write it as {name}:10M.")
    digits = found[1].lstrip("0") or "0"
    if len(digits) > _MOST_DIGITS:
        return _LARGEST
    return min(int(digits) * _UNITS[found[2].lower()], _LARGEST)


def as_match(node: Node) -> str:
    """Return a node as an expression of the word index, or "" where it is not of words alone."""
    if isinstance(node, Leaf):
        return node.match
    if isinstance(node, Not):
        return ""  # the index knows "a NOT b" only
    if isinstance(node, All):
        return _all_as_match(node.parts)
    texts = [as_match(part) for part in node.parts]
    return " OR ".join(f"({text})" for text in texts) if texts and all(texts) else ""


def _all_as_match(parts: list[Node]) -> str:
    texts = [as_match(part) for part in parts if not isinstance(part, Not)]
    refused = [as_match(part.inner) for part in parts if isinstance(part, Not)]
    if not texts or not all(texts) or not all(refused):
        return ""
    wanted = " AND ".join(f"({text})" for text in texts)
    return f"({wanted})" + "".join(f" NOT ({text})" for text in refused) if refused else wanted


def _as_where(node: Node) -> tuple[str, tuple[str | int, ...]]:
    if text := as_match(node):
        return (
            f"{WORDS_ID} IN (SELECT rowid FROM words WHERE words MATCH ?{SINCE})",
            (text,),
        )
    if isinstance(node, Leaf):
        return node.where, node.parameters
    if isinstance(node, Not):
        if (leaf := positive(node)) is not None:
            return leaf.where, leaf.parameters
        where, parameters = _as_where(node.inner)
        return f"NOT ({where})", parameters
    pieces = [_as_where(part) for part in node.parts]
    if not pieces:
        return "1" if isinstance(node, All) else "0", ()
    joined = (" AND " if isinstance(node, All) else " OR ").join(f"({text})" for text, _ in pieces)
    return joined, tuple(value for _, values in pieces for value in values)
