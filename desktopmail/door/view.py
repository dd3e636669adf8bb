"""A view as SQL: its rows as one walk along an index, whatever it filters and sorts by.

A walk along one index is what keeps a list of a million rows instant;
`tests/unit/door/test_view.py` holds each form of a view to its query plan.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktopmail.door.rows import Column, View

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.terms import Node
    from desktopmail.door.vocabulary import Vocabulary

# More terms than this do not fit one compound query; such a view is sorted instead of merged.
MAX_MERGED_MAILBOXES = 200

#: So many ids of the word index belong to each second: its rowids are in the order of dates.
WORDS_SLOTS = 64
_LAST_DATE_S = 2**33 - 1

_KEYS = {
    Column.DATE: "date_s",
    Column.SENDER: "sort_sender",
    Column.SUBJECT: "sort_subject",
    Column.SIZE: "size",
}

Parameter = str | int

# Stands in a bound for the key of a row, which is another one in each part of a statement.
_KEY = "{key}"
#: Stands in a condition for what the word index has the message of a placement under.
WORDS_ID = "{words_id}"
_WORDS_ID = "(SELECT words_id FROM message WHERE id = p.message_id)"
_WORDS_ID_OF = (
    "(SELECT words_id FROM message WHERE id = (SELECT message_id FROM placement WHERE id = {}))"
)
#: Stands in a condition behind each look into the word index, for what limits it to some hits.
SINCE = "{since}"
# For so few hits of words the index is asked one by one.
_ASKED_EACH = 6
# How far a message stands behind the last id of its second, at the most.
_BEHIND = (
    "coalesce((SELECT words_id - min(max(date_s, 0), 8589934591) * 64 AS behind"
    " FROM message INDEXED BY message_behind"
    " WHERE words_id - min(max(date_s, 0), 8589934591) * 64 > 63 ORDER BY behind DESC LIMIT 1), 63)"
)


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement and what to bind to it."""

    text: str
    parameters: tuple[Parameter, ...]

    def counted(self, most: int) -> Sql:
        """How many rows it has, counted up to so many."""
        return Sql(f"SELECT count(*) FROM ({self.text} LIMIT {int(most)})", self.parameters)


@dataclass(frozen=True, slots=True)
class Condition:
    """A query as SQL over the placements `p`, driven by the word index where it can be.

    Attributes:
        match: An expression of the word index that every hit matches, or "".
        where: A condition on `p`, "1" where there is none.
        parameters: Of `where`, in order.
        filters: What `where` says, as it was asked for; None where there was no query.
        within: Each a set of mailboxes outside of which nothing is a hit.
        since_s: The date of every hit is this one or later.
        until_s: The date of every hit is before this one.
        is_impossible: It contradicts itself, so that nothing is a hit.
    """

    match: str
    where: str
    parameters: tuple[Parameter, ...]
    filters: Node | None = None
    within: tuple[Sql, ...] = ()
    since_s: int | None = None
    until_s: int | None = None
    is_impossible: bool = False


class ViewSql:
    """The statements of one view over the mailboxes given.

    Args:
        view: What to show.
        mailbox_ids: The mailboxes of the view, resolved: never empty.
        condition: What its query asks for, where that was worked out already.
        few: See `narrowed`.
        words_ids: See `narrowed`.
        since_s: See `since`.
        since_id: The same, said of what the word index has the rows under.
        by_date: Sort by date what words find, too, instead of by their ids in the index.
    """

    def __init__(
        self,
        view: View,
        mailbox_ids: tuple[int, ...],
        condition: Condition | None = None,
        *,
        few: Sql | None = None,
        words_ids: Sequence[int] | None = None,
        since_s: int | None = None,
        since_id: int | None = None,
        by_date: bool = False,
    ) -> None:
        self.view = view
        self.mailbox_ids = mailbox_ids
        self.condition = condition or condition_of(view.query)
        self._few = few
        self._words_ids = words_ids
        self._by_date = by_date
        self.since_s = since_s
        self._since_id = since_id
        # The rowids of the word index are in date order: by date, its hits need no sorting.
        has_words = bool(self.condition.match)
        self._by_rowid = has_words and view.column is Column.DATE and not by_date
        self._key = "words.rowid" if self._by_rowid else f"p.{_KEYS[view.column]}"

    @property
    def is_within(self) -> bool:
        """Whether only some mailboxes are looked into."""
        return bool(self.view.mailbox_ids or self.condition.within)

    @property
    def is_filtered(self) -> bool:
        """Whether only some of what is walked along are rows."""
        view = self.view
        if self.by_words:
            return self._is_quick or self.is_within or self.condition.where != "1"
        return bool(view.query.strip())

    @property
    def by_words(self) -> bool:
        """Whether the word index leads to the rows."""
        return bool(self.condition.match)

    @property
    def looks_into_words(self) -> bool:
        """Whether rows are held to sets of hits that have to be gathered first."""
        return SINCE in self.condition.where

    @property
    def mailboxes(self) -> str:
        """The mailboxes of the view, for a list in a statement."""
        return ",".join(str(int(mailbox_id)) for mailbox_id in self.mailbox_ids)

    def narrowed(self, few: Sql, words_ids: Sequence[int] | None = None) -> ViewSql:
        """The same rows, looked for among these placements alone.

        Args:
            few: Their ids: each row of the view is one of them.
            words_ids: Under which the word index has them, where that is known.
        """
        return ViewSql(
            self.view,
            self.mailbox_ids,
            self.condition,
            few=few,
            words_ids=words_ids,
            since_s=self.since_s,
            since_id=self._since_id,
            by_date=self._by_date,
        )

    def left_of(self, walk: Sql) -> Sql:
        """What the filters leave of the placements `p` of a walk, whatever their words are.

        What the index of the walk tells of them is asked without a look at their rows: of large
        messages that is whether they have attachments.
        """
        parameters = (*walk.parameters, *self.condition.parameters)
        return Sql(f"{walk.text} AND {self._filters()}", parameters)

    def since(self, date_s: int) -> ViewSql:
        """Those of the rows that are of this date or later."""
        since_s = date_s if self.since_s is None else max(date_s, self.since_s)
        return ViewSql(
            self.view,
            self.mailbox_ids,
            self.condition,
            since_s=since_s,
            since_id=self._since_id,
        )

    def hits(self, most: int) -> Sql:
        """How many hits the words have, counted up to so many."""
        text = f"SELECT rowid FROM words WHERE words MATCH ?{self._between}"
        return Sql(text, (self.condition.match,)).counted(most)

    def hit_behind(self, looked: int) -> Sql:
        """The id of the first hit of the words behind so many of the newest."""
        text = f"SELECT rowid FROM words WHERE words MATCH ?{self._between} ORDER BY rowid DESC"
        return Sql(f"{text} LIMIT 1 OFFSET ?", (self.condition.match, looked))

    def newer(self, offset: int, limit: int, words_id: int) -> Sql:
        """A window of what the filters leave of the hits of words with ids above this one.

        Where it is full, it is that of the whole view: no hit further back is newer.
        """
        filters = f"{self._filters()} AND words.rowid > {int(words_id)}"
        text = f"{self._text_by_words(filters)} ORDER BY 2 DESC LIMIT ? OFFSET ?"
        match, parameters = self.condition.match, self.condition.parameters
        return Sql(text, (match, *parameters, limit, offset))

    def ids(self, offset: int, limit: int) -> Sql:
        """The placement ids of a window, in order (the first column)."""
        rows = self._rows(ordered=True)
        return Sql(f"{rows.text} LIMIT ? OFFSET ?", (*rows.parameters, limit, offset))

    def all_rows(self) -> Sql:
        """All rows with their keys, in no order."""
        return self._rows(ordered=False)

    def beside(
        self, key: Parameter, placement_id: int, offset: int, limit: int, *, back: bool = False
    ) -> Sql:
        """Rows behind the one with this key and id, as `ids`; going back: those before it.

        Only of a view without words: their hits have no such order.
        """
        if back:
            return self.turned.beside(key, placement_id, offset, limit)
        compare = "<" if self.view.descending else ">"
        bound = f"({_KEY}, p.id) {compare} (?, ?)"
        rows = self._rows(ordered=True, bound=bound, values=(key, placement_id))
        return Sql(f"{rows.text} LIMIT ? OFFSET ?", (*rows.parameters, limit, offset))

    @property
    def turned(self) -> ViewSql:
        """The same rows, the last one first."""
        other = replace(self.view, descending=not self.view.descending)
        return ViewSql(other, self.mailbox_ids, self.condition)

    @property
    def is_soon_counted(self) -> bool:
        """Whether to count the rows of a list takes next to nothing of a walk over them.

        An index holds nothing but the rows of one filter, or each thread in one piece. What two
        filters leave is known when all that one of them leaves was looked at.
        """
        return not self._is_quick or (self._quick_count == 1 and not self.view.threads)

    def threads(self, *, most: bool) -> Sql:
        """How many threads have a row in a view without words.

        Args:
            most: Its mailboxes hold a large part of all mail: all is read in the order of threads.
        """
        where = f"p.mailbox_id IN ({self.mailboxes}) AND {self._quick_filters()}"
        if most and not self._is_quick:
            one_each = (
                "SELECT DISTINCT p.thread_id FROM placement AS p INDEXED BY placement_by_thread"
            )
            return Sql(f"SELECT count(*) FROM ({one_each} WHERE {where})", ())
        return Sql(f"SELECT count(DISTINCT p.thread_id) FROM placement AS p WHERE {where}", ())

    def of_threads(self, thread_ids: Iterable[int]) -> Sql:
        """The placement ids of all messages of threads in a view without words, newest first."""
        text = f"SELECT p.id {self._among_threads} ORDER BY p.date_s DESC, p.id DESC"
        return Sql(text, (json.dumps(list(thread_ids)),))

    def thread_sizes(self, thread_ids: Iterable[int]) -> Sql:
        """Of threads in a view without words: the id, how many messages, and how many unread."""
        text = f"SELECT p.thread_id, count(*), sum(p.flags & 1 = 0) {self._among_threads}"
        return Sql(f"{text} GROUP BY p.thread_id", (json.dumps(list(thread_ids)),))

    @property
    def _among_threads(self) -> str:
        return (
            "FROM placement AS p INDEXED BY placement_by_thread"
            " WHERE p.thread_id IN (SELECT value FROM json_each(?))"
            f" AND p.mailbox_id IN ({self.mailboxes}) AND {self._quick_filters()}"
        )

    def count(self) -> Sql:
        """How many rows there are."""
        rows = self._rows(ordered=False)
        return Sql(f"SELECT count(*) FROM ({rows.text})", rows.parameters)

    def before(self, key: Parameter, placement_id: int) -> Sql:
        """How many rows stand before the one with this key and id."""
        descending = self.view.descending
        compare = ">" if descending else "<"
        # Of one message the placements come as the index of these has them: upward.
        turned = "-" if self._by_rowid and descending else ""
        bound = f"({_KEY}, {turned}p.id) {compare} (?, {turned}?)"
        among = ""
        if self._by_rowid:
            among = f" AND words.rowid {compare}= {int(key)}"
        elif self.view.column is Column.DATE and descending:
            among = f" AND words.rowid >= {first_words_id(int(key))}"
        values = (key, placement_id)
        rows = self._rows(ordered=False, bound=bound, values=values, among=among)
        return Sql(f"SELECT count(*) FROM ({rows.text})", rows.parameters)

    def holds(self, placement_id: int) -> Sql:
        """The key of one placement, when it is in the view."""
        among = f" AND words.rowid = {_WORDS_ID_OF.format(int(placement_id))}"
        values = (placement_id,)
        rows = self._rows(ordered=False, bound="p.id = ?", values=values, among=among)
        return Sql(f"SELECT key FROM ({rows.text})", rows.parameters)

    def unfound(self, placement_ids: Sequence[int]) -> Sql:
        """Those of these placements, newest first, that the query does not find in the view."""
        part = self._part_also(placement_ids)
        return Sql(f"{part.text} ORDER BY 2 DESC, 1 DESC", part.parameters)

    @property
    def _is_sorted(self) -> bool:
        return len(self.mailbox_ids) > MAX_MERGED_MAILBOXES

    def _filters(self, among: str = "") -> str:
        quick = self._quick_filters()
        if self.since_s is not None:
            quick += f" AND p.date_s >= {int(self.since_s)}"
        where = self.condition.where.replace(SINCE, self._of_interest + among)
        where = where.replace(WORDS_ID, "m.words_id" if self._by_known else _WORDS_ID)
        return quick if where == "1" else f"{quick} AND ({where})"

    @property
    def _of_interest(self) -> str:
        """Which hits of words inside of the condition matter."""
        if self.since_s is not None:
            return f" AND words.rowid >= {first_words_id(self.since_s)}"
        return self._among_known

    @property
    def _among_known(self) -> str:
        """Which hits of words are among the few rows that are looked at."""
        known = self._words_ids
        if known is None:
            return ""
        if not known:
            return " AND 0"
        if len(known) <= _ASKED_EACH:
            return f" AND words.rowid IN ({','.join(map(str, known))})"
        # The plus: the index is read from the first to the last of them. To ask it for each takes
        # up to a thousandth of a second for each.
        return (
            f" AND words.rowid BETWEEN {min(known)} AND {max(known)}"
            f" AND +words.rowid IN ({','.join(map(str, known))})"
        )

    @property
    def _is_quick(self) -> bool:
        return bool(self._quick_count)

    @property
    def _quick_count(self) -> int:
        view = self.view
        return view.unread_only + view.flagged_only + view.with_attachment

    @property
    def is_passed_over(self) -> bool:
        """Whether a list is walked in its order, and what quick filters leave out passed over.

        One filter by date has an index of its own, in this order.
        """
        return self._quick_count > (self.view.column is Column.DATE)

    def _quick_filters(self) -> str:
        view = self.view
        parts = ["p.shown = 1"]
        if view.unread_only:
            parts.append("p.flags & 1 = 0")
        if view.flagged_only:
            parts.append("p.flags & 4 <> 0")
        if view.with_attachment:
            parts.append("p.attachment = 1")
        return " AND ".join(parts)

    def _rows(
        self,
        *,
        ordered: bool,
        bound: str = "",
        values: tuple[Parameter, ...] = (),
        among: str = "",
    ) -> Sql:
        """The rows, or those within a bound.

        Args:
            ordered: In the order of the view.
            bound: A condition on them.
            values: To bind to it.
            among: What it says of the ids in the word index: others are not read.
        """
        here = bound.replace(_KEY, self._key)
        filters = self._filters(among) + (f" AND {here}" if here else "")
        if self.by_words:
            text = self._text_by_words(filters, among)
        elif self._by_known:
            text = self._text_by_known(filters)
        elif self._few is not None:
            few = f"p.id IN ({self._few.text}) AND +p.mailbox_id IN ({self.mailboxes})"
            text = self._text_of(few, filters)
        elif self._is_sorted or not ordered:
            text = self._text_of(f"p.mailbox_id IN ({self.mailboxes})", filters)
        else:
            text = " UNION ALL ".join(
                self._text_of(f"p.mailbox_id = {int(mailbox_id)}", filters)
                for mailbox_id in self.mailbox_ids
            )
        parameters = self._bind(values, ordered=ordered)
        if self.view.also:
            also = self._part_also(self.view.also, bound, values, among)
            text, parameters = f"{text} UNION ALL {also.text}", parameters + also.parameters
        if ordered:
            down = " DESC" if self.view.descending else ""
            text += f" ORDER BY 2{down}" + ("" if self._by_rowid else f", 1{down}")
        return Sql(text, parameters)

    def _part_also(
        self,
        placement_ids: Sequence[int],
        bound: str = "",
        values: tuple[Parameter, ...] = (),
        among: str = "",
    ) -> Sql:
        """Rows by name: those that the query finds already are left out, so that none comes twice.

        They are few, at the most what one asks of a server at once; the plus keeps the planner
        from walking whole mailboxes for them.
        """
        key = _WORDS_ID if self._by_rowid else self._key
        condition, parameters = self.condition, self.condition.parameters
        where = condition.where.replace(SINCE, among).replace(WORDS_ID, _WORDS_ID)
        if self.by_words:
            found = (
                "SELECT m.id FROM words JOIN message AS m ON m.words_id = words.rowid"
                f" WHERE words MATCH ?{among}"
            )
            where = f"p.message_id IN ({found}) AND {where}"
            parameters = (condition.match, *parameters)
        text = (
            f"SELECT p.id AS id, {key} AS key FROM placement AS p"
            " WHERE p.id IN (SELECT value FROM json_each(?))"
            f" AND +p.mailbox_id IN ({self.mailboxes}) AND {self._quick_filters()}"
            f" AND NOT ({where})" + (f" AND {bound.replace(_KEY, key)}" if bound else "")
        )
        return Sql(text, (json.dumps(list(placement_ids)), *parameters, *values))

    def _bind(self, bound: tuple[Parameter, ...], *, ordered: bool) -> tuple[Parameter, ...]:
        condition = self.condition
        few = self._few.parameters if self._few is not None else ()
        if self.by_words:
            among = few if self._words_ids is None else ()
            return (condition.match, *among, *condition.parameters, *bound)
        if self._by_known:
            return (*condition.parameters, *bound)
        if self._few is not None:
            return (*few, *condition.parameters, *bound)
        times = 1 if self._is_sorted or not ordered else len(self.mailbox_ids)
        return (*condition.parameters, *bound) * times

    def _text_of(self, where_mailbox: str, filters: str) -> str:
        return (
            f"SELECT p.id AS id, {self._key} AS key FROM placement AS p"
            f" WHERE {where_mailbox} AND {filters}{self._newest_of_thread}"
        )

    @property
    def _by_known(self) -> bool:
        """Whether what the word index has the few rows under leads to them."""
        return self._words_ids is not None and not self.by_words

    def _text_by_known(self, filters: str) -> str:
        known = ",".join(map(str, self._words_ids or ()))
        return (
            f"SELECT p.id AS id, {self._key} AS key"
            " FROM message AS m INDEXED BY message_by_words"
            " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
            f" WHERE m.words_id IN ({known}) AND p.mailbox_id IN ({self.mailboxes}) AND {filters}"
        )

    def _text_by_words(self, filters: str, among: str = "") -> str:
        return (
            f"SELECT p.id AS id, {self._key} AS key FROM words"
            " CROSS JOIN message AS m INDEXED BY message_by_words ON m.words_id = words.rowid"
            " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
            f" WHERE words MATCH ?{self._between}{self._among_few}{among}"
            f" AND p.mailbox_id IN ({self.mailboxes}) AND {filters}"
        )

    @property
    def _between(self) -> str:
        """Between which ids of the word index all hits are."""
        since_s, until_s = self.condition.since_s, self.condition.until_s
        since_s = max((one for one in (since_s, self.since_s) if one is not None), default=None)
        text = "" if since_s is None else f" AND words.rowid >= {first_words_id(since_s)}"
        if self._since_id is not None:
            text += f" AND words.rowid >= {int(self._since_id)}"
        if until_s is not None:
            text += f" AND words.rowid <= {first_words_id(until_s)} + {_BEHIND}"
        return text

    @property
    def _among_few(self) -> str:
        if self._few is None or self._words_ids is not None:
            return self._among_known
        return (
            " AND +words.rowid IN (SELECT fm.words_id FROM placement AS fp"
            " CROSS JOIN message AS fm ON fm.id = fp.message_id"
            f" WHERE fp.id IN ({self._few.text}))"
        )

    @property
    def _newest_of_thread(self) -> str:
        # A query shows every hit: gathering them would hide what was searched for.
        if not self.view.threads or self.view.query.strip():
            return ""
        inner = self._filters().replace("p.", "q.")
        return (
            " AND NOT EXISTS (SELECT 1 FROM placement AS q WHERE q.thread_id = p.thread_id"
            f" AND q.mailbox_id IN ({self.mailboxes}) AND {inner}"
            " AND (q.date_s, q.id) > (p.date_s, p.id))"
        )


def joined(views: Sequence[ViewSql], limit: int) -> Sql:
    """The first rows of several views together, newest first, each once."""
    parts = [one.all_rows() for one in views]
    text = " UNION ".join(f"SELECT id, key FROM ({part.text})" for part in parts)
    parameters = tuple(value for part in parts for value in part.parameters)
    return Sql(f"{text} ORDER BY 2 DESC, 1 DESC LIMIT ?", (*parameters, limit))


def counted(views: Sequence[ViewSql]) -> Sql:
    """How many rows several views have together."""
    parts = [one.all_rows() for one in views]
    text = " UNION ".join(f"SELECT id FROM ({part.text})" for part in parts)
    parameters = tuple(value for part in parts for value in part.parameters)
    return Sql(f"SELECT count(*) FROM ({text})", parameters)


def condition_of(query: str, vocabulary: Vocabulary | None = None) -> Condition:
    """What a query asks for; see `search.parse`.

    Raises:
        SearchError: It cannot be understood.
    """
    if not query.strip():
        return Condition("", "1", ())
    from desktopmail.door.search import parse  # 12 ms that a list without a search does without

    return parse(query, vocabulary)


def first_words_id(date_s: int) -> int:
    """The first of the ids in the word index that messages of this second have."""
    return min(max(date_s, 0), _LAST_DATE_S) * WORDS_SLOTS
