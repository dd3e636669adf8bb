"""How the first rows of a search are found without reading all that it might find.

A search is a walk from the newest message back: along the hits of its words, or along its
mailboxes where it has none. That is short where hits are many. Where a filter leaves only few, the
walk would be long, and these few are asked for first. Alternatives are searches of their own: the
first rows of all are among the first of each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.rows import Column, View
from desktopmail.door.search import alternatives, as_match, few_of, positive
from desktopmail.door.terms import All, Leaf, Not, Term
from desktopmail.door.view import Sql, ViewSql, counted, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.sqlite import Fields
    from desktopmail.door.terms import Node
    from desktopmail.door.view import Condition

    Run = Callable[[Sql], list[Fields]]

# So many are looked at before it is asked whether a filter leaves rather few, at most some 1 us
# each; the fewer where hits of words are gathered for each of them.
_NEWEST = 6_000
_NEWEST_HITS = 2_000
_NEWEST_JOINED = 1_500
# Of these one of so many first: where it has next to nothing, the rest is not looked at.
_FIRST_LOOK = 8
# What is gathered before anything else: it takes some 0.5 us each, but a hit of words that is none
# of them is passed over in 0.07 us instead of 0.8.
_FEW = 2_000
# The same where a filter is one alternative and words are another: each of them costs more.
_FEW_JOINED = 700
# Where the newest were not enough: what is still gathered where hits of words are for each.
_RATHER_FEW = 5_000
# How long it takes to look at a hit of words, at a row without words, and to gather a row that a
# filter leaves along an index, in tenths of a microsecond.
_A_HIT = 9
_A_ROW = 3
_A_FEW = 2
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
_TOTAL = "SELECT coalesce(sum(total), 0) FROM mailbox_total WHERE mailbox_id IN ({})"
_PLACEMENTS_OF_HITS = (
    "SELECT fp.id FROM words CROSS JOIN message AS fm ON fm.words_id = words.rowid"
    " CROSS JOIN placement AS fp ON fp.message_id = fm.id WHERE words MATCH ?"
)


@dataclass(frozen=True, slots=True)
class _Few:
    """A small set of placements: their ids, and what the word index has them under.

    Attributes:
        count: How many they are at the most.
        sql: Their ids.
        words_ids: What the word index has them under.
        is_walk: See `Way`.
    """

    count: int
    sql: Sql
    words_ids: Sql
    is_walk: bool = False

    def left_by(self, search: ViewSql) -> _Few:
        """Those of them that the filters of a search leave, where a walk tells."""
        if not self.is_walk or search.looks_into_words:
            return self
        left = search.left_of(self.sql)
        return _Few(self.count, left, _words_ids_of(left), is_walk=True)


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
        most = _NEWEST_HITS if sql.by_words else _NEWEST_JOINED if is_joined else _NEWEST
        first = most if is_joined else max(most // _FIRST_LOOK, 2 * (offset + limit))
        looked = min(first, most)
        found, is_all = _among_newest(sql, run, offset, limit, looked)
        is_enough = is_all or len(found) == limit
        if not is_enough and looked < most and len(found) * most >= limit * looked:
            looked = most  # there, as many may be as are asked for
            found, is_all = _among_newest(sql, run, offset, limit, looked)
            is_enough = is_all or len(found) == limit
        if is_enough:
            return found
        if is_joined:
            few = narrowed(sql, run, _RATHER_FEW)
            if few is sql:
                return _widening(sql, run, offset, limit)
        else:
            few = _gathered(sql, run, looked * limit // len(found) if found else None)
    return _ids(run(few.ids(offset, limit)))


def count(sql: ViewSql, run: Run, most: int | None = None) -> int:
    """How many rows a search has, counted up to so many.

    Args:
        sql: The search.
        run: Runs a statement and returns all its rows.
        most: Where to stop; None: nowhere.
    """
    if most is not None:
        return len(ids(sql, run, 0, most))
    conditions = _ways(sql) if sql.looks_into_words and not sql.view.also else None
    if conditions is None:
        return int(run(narrowed(sql, run).count())[0][0])
    ways = [ViewSql(sql.view, sql.mailbox_ids, condition) for condition in conditions]
    return int(run(counted([narrowed(way, run) for way in ways]))[0][0]) if ways else 0


def narrowed(sql: ViewSql, run: Run, most: int = _FEW) -> ViewSql:
    """The same search, among so few placements as one of its filters leaves; else as it is."""
    if sql.condition.is_impossible:
        return sql
    few = _Counting(sql, run, most).fewest(_asked(sql))
    if few is None:
        return sql
    few = few.left_by(sql)
    if few.count > (_FEW if sql.by_words else _RATHER_FEW) or not (
        sql.by_words or sql.looks_into_words
    ):
        return sql.narrowed(few.sql)
    return sql.narrowed(few.sql, _ids(run(few.words_ids)))


def _gathered(sql: ViewSql, run: Run, looked: int | None) -> ViewSql:
    """The same search, among what all its filters leave, where a walk takes longer; else as it is.

    Of large messages many have attachments, and of those without many are small: where each filter
    leaves many, all together may leave few.

    Args:
        sql: The search.
        run: Runs a statement and returns all its rows.
        looked: How many would be looked at on a walk, as far as one can tell; None: all.
    """
    total = int(run(Sql(_TOTAL.format(sql.mailboxes), ()))[0][0])
    looked = total if looked is None else min(total, looked)
    most = looked * (_A_HIT if sql.by_words else _A_ROW) // _A_FEW
    few, bound = None, _FEW
    while few is None and bound < most:  # by and by: what is left out is not counted to its end
        bound = min(bound * _WIDER, most)
        few = _Counting(sql, run, bound).fewest(_asked(sql))
    if few is None:
        return sql
    few = few.left_by(sql)
    if not sql.by_words:
        return sql.narrowed(few.sql)
    hits = few.count * _A_FEW // _A_HIT
    if int(run(sql.hits(hits + 1))[0][0]) <= hits:
        return sql
    left = _ids(run(few.sql))
    among = Sql("SELECT value FROM json_each(?)", (json.dumps(left),))
    return sql.narrowed(among, _ids(run(_words_ids_of(among))) if len(left) <= _FEW else None)


def _among_newest(
    sql: ViewSql, run: Run, offset: int, limit: int, looked: int
) -> tuple[list[int], bool]:
    """A window out of so many of the newest, and whether no hit is further back than these."""
    if sql.by_words:
        behind = run(sql.hit_behind(looked))
        found = run(sql.newer(offset, limit, behind[0][0]) if behind else sql.ids(offset, limit))
        return _ids(found), not behind
    near = _since(sql, run, looked)
    if near is None:
        return [], False
    return _ids(run(near.ids(offset, limit))), near.since_s == sql.since_s


def _widening(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int]:
    """Gather hits of words among newer messages before those among all."""
    looked = 2 * _NEWEST
    while (near := _since(sql, run, looked)) is not None:
        found = _ids(run(near.ids(offset, limit)))
        if len(found) == limit or near.since_s == sql.since_s:
            return found
        looked *= _WIDER
    return _ids(run(sql.ids(offset, limit)))


def _merged(sql: ViewSql, run: Run, offset: int, limit: int) -> list[int] | None:
    """The window out of those of its alternatives, of which none looks for words inside.

    None where they are too many to be looked for one by one.
    """
    conditions = _ways(sql)
    if conditions is None:
        return None
    wanted = offset + limit
    if sql.by_words:
        words_ids = _merged_by_words(sql, conditions, run, wanted)
        order = sorted(words_ids, key=lambda one: (-words_ids[one], one))
        return order[offset:wanted]
    dates: dict[int, int] = {}
    since_s: int | None = None
    full = []
    for condition in _words_first(conditions):
        way = ViewSql(sql.view, sql.mailbox_ids, condition, since_s=since_s)
        found = _keys(_DATES_OF, ids(way, run, 0, wanted), run)
        dates |= found
        if len(found) == wanted:
            # So many are of this date or later: what is older need not be looked for any more.
            oldest_s = min(found.values())
            since_s = oldest_s if since_s is None else max(oldest_s, since_s)
            full.append(condition)
    if full:
        # What words find is in the order of their ids in the index, which is not quite that of
        # dates: among all from that date on the first ones are.
        ways = [
            ViewSql(sql.view, sql.mailbox_ids, condition, since_s=since_s, by_date=True)
            for condition in full
        ]
        dates |= run(joined([narrowed(way, run) for way in ways], wanted))
    order = sorted(dates, key=lambda one: (dates[one], one), reverse=True)
    return order[offset:wanted]


def _merged_by_words(
    sql: ViewSql, conditions: list[Condition], run: Run, wanted: int
) -> dict[int, int]:
    """The first rows of each alternative, with what the word index has them under."""
    words_ids: dict[int, int] = {}
    since_id = None
    for condition in _words_first(conditions):
        way = ViewSql(sql.view, sql.mailbox_ids, condition, since_id=since_id)
        found = _keys(_WORDS_IDS_OF, ids(way, run, 0, wanted), run)
        words_ids |= found
        if len(found) == wanted:
            since_id = min(found.values())
    return words_ids


def _words_first(conditions: list[Condition]) -> list[Condition]:
    """Those of words alone first: they are found soonest, and bound what the others look for."""
    return sorted(conditions, key=lambda one: (not one.match, one.where != "1"))


def _ways(sql: ViewSql) -> list[Condition] | None:
    """The alternatives of a search; None where they are too many to be looked for one by one."""
    node = sql.condition.filters or All()
    if sql.by_words:
        node = All([Leaf(Term("", ""), match=sql.condition.match), node])
    return alternatives(node, _MOST_TRIED)


def _keys(text: str, placement_ids: Iterable[int], run: Run) -> dict[int, int]:
    return dict(run(Sql(text, (json.dumps(list(placement_ids)),))))


def _since(sql: ViewSql, run: Run, looked: int) -> ViewSql | None:
    """The search among so many of the newest rows, and all that have the date of the last of them.

    None where there are no more. Where that date is before the one from which on the search is,
    it is the search itself.
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
            placements = Sql(_PLACEMENTS_OF_HITS, (match,))
            return self._if_few(_Few(self._count(hits), placements, hits))
        if isinstance(node, Leaf):
            if node.few is None:
                return None
            sql = Sql(node.few.text.replace("{boxes}", self.sql.mailboxes), node.parameters)
            words_ids = _words_ids_of(sql)
            return self._if_few(_Few(self._count(sql), sql, words_ids, node.few.is_walk))
        found = [self.fewest(part) for part in node.parts]
        few = [one for one in found if one is not None]
        if isinstance(node, All):
            return min(few, key=lambda one: one.count, default=None)
        return self._union(few) if len(few) == len(found) else None

    def _union(self, few: list[_Few]) -> _Few | None:
        together = _Few(
            sum(one.count for one in few),
            _together([one.sql for one in few]),
            _together([one.words_ids for one in few]),
        )
        return self._if_few(together)

    def _if_few(self, few: _Few) -> _Few | None:
        return None if few.count > self.most else few

    def _count(self, sql: Sql) -> int:
        return int(self.run(sql.counted(self.most + 1))[0][0])


def _words_ids_of(placements: Sql) -> Sql:
    return Sql(f"{_WORDS_IDS} ({placements.text})", placements.parameters)


def _together(statements: list[Sql]) -> Sql:
    return Sql(
        " UNION ALL ".join(one.text for one in statements),
        tuple(value for one in statements for value in one.parameters),
    )


def _asked(sql: ViewSql) -> All:
    """All that has to hold of a row besides its words."""
    return All([sql.condition.filters or All(), *_filters_of(sql.view), *_scope_of(sql)])


def _filters_of(view: View) -> list[Node]:
    """The quick filters of a view, as if they had been typed."""
    asked = []
    if view.unread_only:
        asked.append(few_of("placement_unread", "p.flags & 1 = 0"))
    if view.flagged_only:
        asked.append(few_of("placement_flagged", "p.flags & 4 <> 0"))
    if view.with_attachment:
        asked.append(few_of("placement_attachment", "p.attachment = 1"))
    return [Leaf(Term("", ""), few=few) for few in asked]


def _scope_of(sql: ViewSql) -> list[Node]:
    return [Leaf(Term("", ""), few=few_of("placement_by_date"))] if sql.is_within else []


def _ids(rows: Sequence[Fields]) -> list[int]:
    return [row[0] for row in rows]
