"""Each form of a view is one walk along an index: nothing is sorted, nothing is scanned."""

from __future__ import annotations

import apsw
import pytest

from desktopmail.door.ids import PlacementId
from desktopmail.door.rows import Column, View
from desktopmail.door.search import few_of
from desktopmail.door.view import (
    MAX_MERGED_MAILBOXES,
    WORDS_SLOTS,
    Sql,
    ViewSql,
    first_words_id,
)
from desktopmail.engine.store import schema

ONE = (1,)
THREE = (1, 2, 3)
SINGLE_FILTERS = [
    {},
    {"unread_only": True},
    {"flagged_only": True},
    {"with_attachment": True},
    {"unread_only": True, "flagged_only": True},
    {"threads": True},
]


@pytest.fixture(scope="module")
def connection() -> apsw.Connection:
    made = apsw.Connection(":memory:")
    schema.upgrade(made)
    return made


def plan(connection: apsw.Connection, sql: Sql) -> list[str]:
    rows = connection.execute("EXPLAIN QUERY PLAN " + sql.text, sql.parameters).fetchall()
    return [str(row[3]) for row in rows]


def assert_walks(steps: list[str]) -> None:
    for step in steps:
        assert not step.startswith("SCAN p"), steps
        assert "TEMP B-TREE" not in step, steps


@pytest.mark.parametrize("mailboxes", [ONE, THREE], ids=["one", "three"])
@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("descending", [True, False], ids=["down", "up"])
@pytest.mark.parametrize("filters", SINGLE_FILTERS, ids=lambda filters: "+".join(filters) or "all")
def test_a_window_walks_an_index_in_its_order(
    connection: apsw.Connection,
    mailboxes: tuple[int, ...],
    column: Column,
    descending: bool,
    filters: dict[str, bool],
) -> None:
    view = View(column=column, descending=descending, **filters)
    sql = ViewSql(view, mailboxes)
    assert_walks(plan(connection, sql.ids(0, 50)))
    assert_walks(plan(connection, sql.count()))
    assert_walks(plan(connection, sql.before(5, 7)))
    steps = plan(connection, sql.holds(7))
    assert all("SCAN" not in step for step in steps if "subquery" not in step.lower()), steps


@pytest.mark.parametrize("mailboxes", [ONE, THREE], ids=["one", "three"])
@pytest.mark.parametrize("query", ["word", "from:ann word -is:unread", "(a OR b) in:inbox"])
def test_a_search_by_date_walks_the_word_index_and_sorts_nothing(
    connection: apsw.Connection, mailboxes: tuple[int, ...], query: str
) -> None:
    steps = plan(connection, ViewSql(View(query=query), mailboxes).ids(0, 50))
    assert steps[0].startswith("SCAN words VIRTUAL TABLE INDEX"), steps
    assert any("placement_by_message" in step for step in steps), steps
    assert all("TEMP B-TREE" not in step for step in steps), steps


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("is:unread", "placement_unread"),
        ("-is:read", "placement_unread"),
        ("is:read", "placement_read"),
        ("is:answered", "placement_answered"),
        ("is:flagged", "placement_flagged"),
        ("is:draft", "placement_draft"),
        ("is:forwarded", "placement_forwarded"),
        ("has:attachment", "placement_attachment"),
    ],
)
def test_a_state_alone_is_a_walk_along_those_that_have_it(
    connection: apsw.Connection, query: str, index: str
) -> None:
    steps = plan(connection, ViewSql(View(query=query), THREE).ids(0, 50))
    assert_walks(steps)
    assert sum(index in step for step in steps) == len(THREE), steps


def test_words_before_a_date_are_walked_from_there(connection: apsw.Connection) -> None:
    query = "word before:2026-01-01 after:2025-01-01"
    steps = plan(connection, ViewSql(View(query=query), THREE).ids(0, 50))
    assert steps[0].startswith("SCAN words VIRTUAL TABLE INDEX"), steps
    assert "<" in steps[0], steps
    assert ">" in steps[0], steps
    assert any("message_behind" in step for step in steps), steps
    assert all("TEMP B-TREE" not in step for step in steps), steps


@pytest.mark.parametrize("query", ["word", "word is:unread", "is:flagged", "a OR is:unread"])
@pytest.mark.parametrize("column", Column)
def test_what_a_server_found_is_looked_up_by_its_ids(
    connection: apsw.Connection, query: str, column: Column
) -> None:
    view = View(query=query, column=column, also=(PlacementId(5), PlacementId(9)))
    sql = ViewSql(view, THREE)
    for one in (sql.ids(0, 50), sql.count(), sql.before(5, 7), sql.holds(7), sql.unfound([3, 4])):
        steps = plan(connection, one)
        assert any("INTEGER PRIMARY KEY" in step for step in steps), steps
        assert not any(step.startswith("SCAN p") for step in steps), steps


def test_an_unread_view_uses_the_index_of_unread_mail(connection: apsw.Connection) -> None:
    steps = plan(connection, ViewSql(View(unread_only=True), ONE).ids(0, 50))
    assert any("placement_unread" in step for step in steps), steps


def test_whether_large_ones_have_attachments_is_told_by_the_index_of_sizes(
    connection: apsw.Connection,
) -> None:
    way = few_of("placement_by_size", "p.size > ?", "(1,2,3)")
    sql = ViewSql(View(query="larger:10k -has:attachment"), THREE).left_of(Sql(way.text, (10_240,)))
    index = "placement_by_size (mailbox_id=? AND size>?)"
    assert plan(connection, sql) == [f"SEARCH p USING COVERING INDEX {index}"]


def test_no_index_of_placements_keeps_an_id_twice(connection: apsw.Connection) -> None:
    named = [
        index
        for (index,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'placement'"
            " AND sql LIKE '%, id%'"
        ).fetchall()
    ]
    assert named == ["placement_by_size"]


def test_more_mailboxes_than_can_be_merged_still_make_a_statement(
    connection: apsw.Connection,
) -> None:
    many = tuple(range(1, MAX_MERGED_MAILBOXES + 2))
    sql = ViewSql(View(), many).ids(0, 50)
    assert connection.execute(sql.text, sql.parameters).fetchall() == []


def test_the_ids_of_the_word_index_are_in_date_order() -> None:
    firsts = [first_words_id(date_s) for date_s in (-5, 0, 1, 1_800_000_000, 2**40)]
    assert firsts == sorted(firsts)
    assert (firsts[0], firsts[2] - firsts[1]) == (firsts[1], WORDS_SLOTS)
    assert firsts[-1] + WORDS_SLOTS < 2**63
