"""How the first rows of a search are found without reading all that it might find.

A search is a walk from the newest message back: along the hits of its words, or along its
mailboxes where it has none. That is short where hits are many. Where a filter leaves only few, the
walk would be long, and these few are asked for first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Column, View
from desktopmail.door.search import All, Leaf, Not, Term, as_match, few_of, positive
from desktopmail.door.view import Sql, ViewSql

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.search import Node
    from desktopmail.door.sqlite import Fields

    Run = Callable[[Sql], list[Fields]]

# So many are looked at before it is asked whether a filter leaves few, some 1 us each: where it
# leaves one of thirty, they hold the first fifty.
_NEWEST = 1_500
# For each of so few the word index is asked, which takes some 40 us.
_VERY_FEW = 100
# What is gathered before anything else: it takes some 0.5 us each, but a hit of words that is none
# of them is passed over in 0.07 us instead of 0.8.
_FEW = 2_000
# Where the newest were not enough: what is still less than to look at all; to be sorted, or not.
_RATHER_FEW = 5_000
_MANY = 30_000
_WIDER = 8

_WORDS_IDS = (
    "SELECT fm.words_id FROM placement AS fp CROSS JOIN message AS fm ON fm.id = fp.message_id"
    " WHERE fp.id IN"
)
_PLACEMENTS_OF_HITS = (
    "SELECT fp.id FROM words CROSS JOIN message AS fm ON fm.words_id = words.rowid"
    " CROSS JOIN placement AS fp ON fp.message_id = fm.id WHERE words MATCH ?"
)


@dataclass(frozen=True, slots=True)
class _Few:
    count: int
    sql: Sql


def ids(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int]:
    """The placement ids of a window of a search.

    Args:
        sql: The search.
        run: Runs a statement and returns all its rows.
        offset: The first row.
        limit: How many rows.
    """
    few = narrowed(sql, run)
    by_date = sql.view.column is Column.DATE and sql.view.descending and not sql.view.also
    if few is sql and sql.is_filtered and by_date and offset + limit <= _NEWEST // 2:
        found = _among_newest(sql, run, offset, limit)
        if len(found) == limit or _had_all(sql, run):
            return found
        few = narrowed(sql, run, _MANY if sql.by_words else _RATHER_FEW)
        if few is sql and sql.looks_into_words and not sql.by_words:
            return _widening(sql, run, offset, limit)
    return _ids(run(few.ids(offset, limit)))


def narrowed(sql: ViewSql, run: Run, most: int = _FEW) -> ViewSql:
    """The same search, among so few placements as one of its filters leaves; else as it is."""
    parts = All([sql.condition.filters or All(), *_filters_of(sql.view), *_scope_of(sql)])
    few = _Counting(sql, run, most).fewest(parts)
    if few is None:
        return sql
    words_ids = None
    if sql.looks_into_words and few.count <= _FEW:
        words_ids = _ids(run(Sql(f"{_WORDS_IDS} ({few.sql.text})", few.sql.parameters)))
    return sql.narrowed(few.sql, one_by_one=few.count <= _VERY_FEW, words_ids=words_ids)


def _among_newest(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int]:
    if sql.by_words:
        return _ids(run(sql.among_newest(offset, limit, _NEWEST)))
    near = _since(sql, run, _NEWEST)
    return [] if near is None else _ids(run(near.ids(offset, limit)))


def _had_all(sql: ViewSql, run: Run) -> bool:
    """Whether no hit is further back than those that were looked at."""
    return sql.by_words and int(run(sql.hits(_NEWEST + 1))[0][0]) <= _NEWEST


def _widening(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int]:
    """Gather hits of words among newer messages before those among all."""
    looked = _NEWEST * _WIDER
    while (near := _since(sql, run, looked)) is not None:
        found = _ids(run(near.ids(offset, limit)))
        if len(found) == limit:
            return found
        looked *= _WIDER
    return _ids(run(sql.ids(offset, limit)))


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
            count = self._count(Sql("SELECT rowid FROM words WHERE words MATCH ?", (match,)))
            return self._few(count, Sql(_PLACEMENTS_OF_HITS, (match,)))
        if isinstance(node, Leaf):
            if not node.few:
                return None
            sql = Sql(node.few.replace("{boxes}", self.sql.mailboxes), node.parameters)
            return self._few(self._count(sql), sql)
        found = [self.fewest(part) for part in node.parts]
        few = [one for one in found if one is not None]
        if isinstance(node, All):
            return min(few, key=lambda one: one.count, default=None)
        return self._union(few) if len(few) == len(found) else None

    def _union(self, few: list[_Few]) -> _Few | None:
        sql = Sql(
            " UNION ALL ".join(one.sql.text for one in few),
            tuple(value for one in few for value in one.sql.parameters),
        )
        return self._few(sum(one.count for one in few), sql)

    def _few(self, count: int, sql: Sql) -> _Few | None:
        return None if count > self.most else _Few(count, sql)

    def _count(self, sql: Sql) -> int:
        return int(self.run(sql.counted(self.most + 1))[0][0])


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
