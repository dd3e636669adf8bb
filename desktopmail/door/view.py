"""A view as SQL: its rows as one walk along an index, whatever it filters and sorts by.

A walk along one index is what keeps a list of a million rows instant;
`tests/unit/door/test_view.py` holds each form of a view to its query plan.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Column, View

if TYPE_CHECKING:
    from collections.abc import Sequence

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
# The key of rows that the word index does not find.
_ROWID = "(SELECT words_id FROM message WHERE id = p.message_id)"


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


@dataclass(frozen=True, slots=True)
class Sql:
    """A statement and what to bind to it."""

    text: str
    parameters: tuple[Parameter, ...]


class ViewSql:
    """The statements of one view over the mailboxes given.

    Args:
        view: What to show.
        mailbox_ids: The mailboxes of the view, resolved: never empty.
    """

    def __init__(self, view: View, mailbox_ids: tuple[int, ...]) -> None:
        self._view = view
        self._mailbox_ids = mailbox_ids
        self._condition = _condition_of(view.query)
        # The rowids of the word index are in date order: by date, its hits need no sorting.
        self._by_rowid = bool(self._condition.match) and view.column is Column.DATE
        self._key = "words.rowid" if self._by_rowid else f"p.{_KEYS[view.column]}"

    @property
    def is_plain(self) -> bool:
        """Whether the totals of the mailboxes count it: no filter but, at most, unread ones."""
        view = self._view
        filtered = view.query.strip() or view.flagged_only or view.with_attachment
        return not (filtered or view.threads)

    def ids(self, offset: int, limit: int) -> Sql:
        """The placement ids of a window, in order (the first column)."""
        rows = self._rows(ordered=True)
        return Sql(f"{rows.text} LIMIT ? OFFSET ?", (*rows.parameters, limit, offset))

    def count(self) -> Sql:
        """How many rows there are."""
        rows = self._rows(ordered=False)
        return Sql(f"SELECT count(*) FROM ({rows.text})", rows.parameters)

    def before(self, key: Parameter, placement_id: int) -> Sql:
        """How many rows stand before the one with this key and id."""
        compare = ">" if self._view.descending else "<"
        bound = f"({_KEY}, p.id) {compare} (?, ?)"
        if self._by_rowid:  # of one message the placements come as their index has them: upward
            bound = f"({_KEY}, -p.id) {compare} (?, -?)"
            if not self._view.descending:
                bound = f"({_KEY}, p.id) < (?, ?)"
        rows = self._rows(ordered=False, bound=bound, values=(key, placement_id))
        return Sql(f"SELECT count(*) FROM ({rows.text})", rows.parameters)

    def holds(self, placement_id: int) -> Sql:
        """The key of one placement, when it is in the view."""
        rows = self._rows(ordered=False, bound="p.id = ?", values=(placement_id,))
        return Sql(f"SELECT key FROM ({rows.text})", rows.parameters)

    def unfound(self, placement_ids: Sequence[int]) -> Sql:
        """Those of these placements, newest first, that the query does not find in the view."""
        part = self._part_also(placement_ids, "", ())
        return Sql(f"{part.text} ORDER BY 2 DESC, 1 DESC", part.parameters)

    @property
    def _by_words(self) -> bool:
        return bool(self._condition.match)

    @property
    def _is_sorted(self) -> bool:
        return len(self._mailbox_ids) > MAX_MERGED_MAILBOXES

    def _filters(self) -> str:
        quick = self._quick_filters()
        where = self._condition.where
        return quick if where == "1" else f"{quick} AND {where}"

    def _quick_filters(self) -> str:
        view = self._view
        parts = ["p.shown = 1"]
        if view.unread_only:
            parts.append("p.flags & 1 = 0")
        if view.flagged_only:
            parts.append("p.flags & 4 <> 0")
        if view.with_attachment:
            parts.append("p.attachment = 1")
        return " AND ".join(parts)

    def _rows(self, *, ordered: bool, bound: str = "", values: tuple[Parameter, ...] = ()) -> Sql:
        here = bound.replace(_KEY, self._key)
        filters = self._filters() + (f" AND {here}" if here else "")
        if self._by_words:
            text = self._text_by_words(filters)
        elif self._is_sorted:
            text = self._text_of(f"p.mailbox_id IN ({self._list})", filters)
        else:
            text = " UNION ALL ".join(
                self._text_of(f"p.mailbox_id = {int(mailbox_id)}", filters)
                for mailbox_id in self._mailbox_ids
            )
        parameters = self._bind(values)
        if self._view.also:
            also = self._part_also(self._view.also, bound, values)
            text, parameters = f"{text} UNION ALL {also.text}", parameters + also.parameters
        if ordered:
            down = " DESC" if self._view.descending else ""
            text += f" ORDER BY 2{down}" + ("" if self._by_rowid else f", 1{down}")
        return Sql(text, parameters)

    def _part_also(
        self, placement_ids: Sequence[int], bound: str, values: tuple[Parameter, ...]
    ) -> Sql:
        """Rows by name: those that the query finds already are left out, so that none comes twice.

        They are few, at the most what one asks of a server at once; the plus keeps the planner
        from walking whole mailboxes for them.
        """
        key = _ROWID if self._by_rowid else self._key
        condition, parameters = self._condition, self._condition.parameters
        where = condition.where
        if self._by_words:
            found = (
                "SELECT m.id FROM words JOIN message AS m ON m.words_id = words.rowid"
                " WHERE words MATCH ?"
            )
            where = f"p.message_id IN ({found}) AND {where}"
            parameters = (condition.match, *parameters)
        text = (
            f"SELECT p.id AS id, {key} AS key FROM placement AS p"
            " WHERE p.id IN (SELECT value FROM json_each(?))"
            f" AND +p.mailbox_id IN ({self._list}) AND {self._quick_filters()} AND NOT ({where})"
            + (f" AND {bound.replace(_KEY, key)}" if bound else "")
        )
        return Sql(text, (json.dumps(list(placement_ids)), *parameters, *values))

    def _bind(self, bound: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        condition = self._condition
        if self._by_words:
            return (condition.match, *condition.parameters, *bound)
        times = 1 if self._is_sorted else len(self._mailbox_ids)
        return (*condition.parameters, *bound) * times

    @property
    def _list(self) -> str:
        return ",".join(str(int(mailbox_id)) for mailbox_id in self._mailbox_ids)

    def _text_of(self, where_mailbox: str, filters: str) -> str:
        return (
            f"SELECT p.id AS id, {self._key} AS key FROM placement AS p"
            f" WHERE {where_mailbox} AND {filters}{self._newest_of_thread}"
        )

    def _text_by_words(self, filters: str) -> str:
        return (
            f"SELECT p.id AS id, {self._key} AS key FROM words"
            " CROSS JOIN message AS m INDEXED BY message_by_words ON m.words_id = words.rowid"
            " CROSS JOIN placement AS p INDEXED BY placement_by_message ON p.message_id = m.id"
            f" WHERE words MATCH ? AND p.mailbox_id IN ({self._list}) AND {filters}"
        )

    @property
    def _newest_of_thread(self) -> str:
        # A query shows every hit: gathering them would hide what was searched for.
        if not self._view.threads or self._view.query.strip():
            return ""
        inner = self._filters().replace("p.", "q.")
        return (
            " AND NOT EXISTS (SELECT 1 FROM placement AS q WHERE q.thread_id = p.thread_id"
            f" AND q.mailbox_id IN ({self._list}) AND {inner}"
            " AND (q.date_s, q.id) > (p.date_s, p.id))"
        )


def _condition_of(query: str) -> Condition:
    if not query.strip():
        return Condition("", "1", ())
    from desktopmail.door.search import parse  # 12 ms that a list without a search does without

    return parse(query)


def first_words_id(date_s: int) -> int:
    """The first of the ids in the word index that messages of this second have."""
    return min(max(date_s, 0), _LAST_DATE_S) * WORDS_SLOTS
