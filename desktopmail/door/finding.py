"""How the first rows of a search are found without reading all that it might find.

A search is a walk from the newest message back: along the hits of its words, or along its
mailboxes where it has none. That is short where hits are many. Where a filter leaves only few, the
walk would be long, and these few are asked for first. Alternatives are searches of their own: the
first rows of all are among the first of each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from desktopmail.door.rows import Column, View
from desktopmail.door.search import alternatives, as_match, few_of, positive
from desktopmail.door.terms import All, Leaf, Not, Term
from desktopmail.door.view import Sql, ViewSql, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.sqlite import Fields
    from desktopmail.door.terms import Node

    Run = Callable[[Sql], list[Fields]]

# So many are looked at before it is asked whether a filter leaves rather few, at most some 1 us
# each; the fewer where hits of words are gathered for each of them.
_NEWEST = 6_000
_NEWEST_JOINED = 1_500
# What is gathered before anything else: it takes some 0.5 us each, but a hit of words that is none
# of them is passed over in 0.07 us instead of 0.8.
_FEW = 2_000
# The same where a filter is one alternative and words are another: each of them costs more.
_FEW_JOINED = 700
# Where the newest were not enough: what is still less than to look at all; to be sorted, or not.
_RATHER_FEW = 5_000
_MANY = 30_000
_WIDER = 8
# So many alternatives are looked for each by itself.
_MOST_TRIED = 8

_WORDS_IDS = (
    "SELECT fm.words_id FROM placement AS fp CROSS JOIN message AS fm ON fm.id = fp.message_id"
    " WHERE fp.id IN"
)
_DATES_OF = "SELECT id, date_s FROM placement WHERE id IN (SELECT value FROM json_each(?))"
_WORDS_IDS_OF = (
    "SELECT p.id, m.words_id FROM placement AS p CROSS JOIN message AS m ON m.id = p.message_id"
    " WHERE p.id IN (SELECT value FROM json_each(?))"
)
_PLACEMENTS_OF_HITS = (
    "SELECT fp.id FROM words CROSS JOIN message AS fm ON fm.words_id = words.rowid"
    " CROSS JOIN placement AS fp ON fp.message_id = fm.id WHERE words MATCH ?"
)


@dataclass(frozen=True, slots=True)
class _Few:
    """A small set of placements: their ids, and what the word index has them under."""

    count: int
    sql: Sql
    words_ids: Sql


def ids(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int]:
    """The placement ids of a window of a search.

    Args:
        sql: The search.
        run: Runs a statement and returns all its rows.
        offset: The first row.
        limit: How many rows.
    """
    if sql.condition.is_impossible and not sql.view.also:
        return []
    is_joined = sql.looks_into_words and not sql.by_words
    by_date = sql.view.column is Column.DATE and sql.view.descending and not sql.view.also
    near = by_date and offset + limit <= _NEWEST // 2
    if sql.looks_into_words and near:
        merged = _merged(sql, run, offset, limit)
        if merged is not None:
            return merged
    few = narrowed(sql, run, _FEW_JOINED if is_joined else _FEW)
    if few is sql and sql.is_filtered and near:
        found = _among_newest(sql, run, offset, limit, _NEWEST_JOINED if is_joined else _NEWEST)
        if len(found) == limit or _had_all(sql, run):
            return found
        few = narrowed(sql, run, _MANY if sql.by_words else _RATHER_FEW)
        if few is sql and is_joined:
            return _widening(sql, run, offset, limit)
    return _ids(run(few.ids(offset, limit)))


def narrowed(sql: ViewSql, run: Run, most: int = _FEW) -> ViewSql:
    """The same search, among so few placements as one of its filters leaves; else as it is."""
    if sql.condition.is_impossible:
        return sql
    parts = All([sql.condition.filters or All(), *_filters_of(sql.view), *_scope_of(sql)])
    few = _Counting(sql, run, most).fewest(parts)
    if few is None:
        return sql
    if few.count > (_FEW if sql.by_words else _RATHER_FEW) or not (
        sql.by_words or sql.looks_into_words
    ):
        return sql.narrowed(few.sql)
    return sql.narrowed(few.sql, _ids(run(few.words_ids)))


def _among_newest(sql: ViewSql, run: Run, offset: int, limit: int, looked: int) -> list[int]:
    if sql.by_words:
        return _ids(run(sql.among_newest(offset, limit, looked)))
    near = _since(sql, run, looked)
    return [] if near is None else _ids(run(near.ids(offset, limit)))


def _had_all(sql: ViewSql, run: Run) -> bool:
    """Whether no hit is further back than those that were looked at."""
    return sql.by_words and int(run(sql.hits(_NEWEST + 1))[0][0]) <= _NEWEST


def _widening(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int]:
    """Gather hits of words among newer messages before those among all."""
    looked = 2 * _NEWEST
    while (near := _since(sql, run, looked)) is not None:
        found = _ids(run(near.ids(offset, limit)))
        if len(found) == limit:
            return found
        looked *= _WIDER
    return _ids(run(sql.ids(offset, limit)))


def _merged(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int] | None:
    """The window out of those of its alternatives, of which none looks for words inside.

    None where they are too many to be looked for one by one.
    """
    node = sql.condition.filters or All()
    if sql.by_words:
        node = All([Leaf(Term("", ""), match=sql.condition.match), node])
    conditions = alternatives(node, _MOST_TRIED)
    if conditions is None:
        return None
    wanted = offset + limit
    found = [
        ids(ViewSql(sql.view, sql.mailbox_ids, condition), run, 0, wanted)
        for condition in conditions
    ]
    if sql.by_words:
        words_ids = _keys(_WORDS_IDS_OF, chain.from_iterable(found), run)
        order = sorted(words_ids, key=lambda one: (-words_ids[one], one))
        return order[offset:wanted]
    dates = _keys(_DATES_OF, chain.from_iterable(found), run)
    full = [number for number, some in enumerate(found) if len(some) == wanted]
    if full:
        # What words find is in the order of their ids in the index, which is not quite that of
        # dates. So many are of this date or later, and among all of those the first ones are.
        since_s = max(min(dates[one] for one in found[number]) for number in full)
        ways = [
            ViewSql(sql.view, sql.mailbox_ids, conditions[number], since_s=since_s, by_date=True)
            for number in full
        ]
        dates |= run(joined([narrowed(way, run) for way in ways], wanted))
    order = sorted(dates, key=lambda one: (dates[one], one), reverse=True)
    return order[offset:wanted]


def _keys(text: str, placement_ids: Iterable[int], run: Run) -> dict[int, int]:
    return dict(run(Sql(text, (json.dumps(list(placement_ids)),))))


def _since(sql: ViewSql, run: Run, looked: int) -> ViewSql | None:
    """The search among so many of the newest rows, and all that have the date of the last of them.

    None where there are no more.
    """
    everything = ViewSql(View(), sql.mailbox_ids)
    rows = run(everything.ids(looked, 1))
    return sql.since(rows[0][1]) if rows else None


@dataclass(frozen=True, slots=True)
class _Counting:
    """Looks for conditions that leave few rows: none is counted further than to one too many."""

    sql: ViewSql
    run: Run
    most: int

    def fewest(self, node: Node) -> _Few | None:
        """The smallest set that holds all rows a node leaves; None where none is small."""
        if isinstance(node, Not):
            leaf = positive(node)
            return None if leaf is None else self.fewest(leaf)
        if match := as_match(node):
            hits = Sql("SELECT rowid FROM words WHERE words MATCH ?", (match,))
            return self._few(self._count(hits), Sql(_PLACEMENTS_OF_HITS, (match,)), hits)
        if isinstance(node, Leaf):
            if not node.few:
                return None
            sql = Sql(node.few.replace("{boxes}", self.sql.mailboxes), node.parameters)
            words_ids = Sql(f"{_WORDS_IDS} ({sql.text})", sql.parameters)
            return self._few(self._count(sql), sql, words_ids)
        found = [self.fewest(part) for part in node.parts]
        few = [one for one in found if one is not None]
        if isinstance(node, All):
            return min(few, key=lambda one: one.count, default=None)
        return self._union(few) if len(few) == len(found) else None

    def _union(self, few: list[_Few]) -> _Few | None:
        return self._few(
            sum(one.count for one in few),
            _together([one.sql for one in few]),
            _together([one.words_ids for one in few]),
        )

    def _few(self, count: int, sql: Sql, words_ids: Sql) -> _Few | None:
        return None if count > self.most else _Few(count, sql, words_ids)

    def _count(self, sql: Sql) -> int:
        return int(self.run(sql.counted(self.most + 1))[0][0])


def _together(statements: list[Sql]) -> Sql:
    return Sql(
        " UNION ALL ".join(one.text for one in statements),
        tuple(value for one in statements for value in one.parameters),
    )


def _filters_of(view: View) -> list[Node]:
    """The quick filters of a view, as if they had been typed."""
    asked = []
    if view.unread_only:
        asked.append(few_of("placement_unread", "f.flags & 1 = 0"))
    if view.flagged_only:
        asked.append(few_of("placement_flagged", "f.flags & 4 <> 0"))
    if view.with_attachment:
        asked.append(few_of("placement_attachment", "f.attachment = 1"))
    return [Leaf(Term("", ""), few=few) for few in asked]


def _scope_of(sql: ViewSql) -> list[Node]:
    return [Leaf(Term("", ""), few=few_of("placement_by_date"))] if sql.is_within else []


def _ids(rows: Sequence[Fields]) -> list[int]:
    return [row[0] for row in rows]
