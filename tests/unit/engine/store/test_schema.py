"""A store of any older version becomes the same as a fresh one, and a newer one is left alone."""

from __future__ import annotations

import apsw
import pytest

from desktopmail.door.view import WORDS_SLOTS, first_words_id
from desktopmail.engine.store import schema


def shape(connection: apsw.Connection) -> list[tuple[object, ...]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
    return [(kind, name, " ".join(str(sql).split())) for kind, name, sql in rows.fetchall()]


@pytest.mark.parametrize("version", range(schema.VERSION))
def test_a_store_of_an_older_version_becomes_the_same_as_a_fresh_one(version: int) -> None:
    fresh, old = apsw.Connection(":memory:"), apsw.Connection(":memory:")
    schema.upgrade(fresh)
    schema.upgrade(old, to=version)
    assert schema.version_of(old) == version
    schema.upgrade(old)
    assert shape(old) == shape(fresh)


def test_a_store_of_a_newer_version_is_left_alone() -> None:
    connection = apsw.Connection(":memory:")
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(schema.NewerStoreError, match="newer desktopmail"):
        schema.upgrade(connection)
    assert shape(connection) == []


def test_a_step_that_fails_leaves_the_version_before(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection)
    before = shape(connection)
    steps = (*schema.UPGRADES, "CREATE TABLE late (id INTEGER); SELECT * FROM nowhere")
    monkeypatch.setattr(schema, "UPGRADES", steps)
    monkeypatch.setattr(schema, "VERSION", len(steps))
    with pytest.raises(apsw.SQLError):
        schema.upgrade(connection, to=len(steps))
    assert shape(connection) == before
    assert schema.version_of(connection) == len(steps) - 1


@pytest.mark.parametrize(
    "table", ["account", "mailbox", "message", "placement", "operation", "sending", "question"]
)
def test_an_id_is_never_given_twice(table: str) -> None:
    """A window may hold the id of a row that is gone: no other row may ever answer to it."""
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection)
    rows = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchall()
    assert "id INTEGER PRIMARY KEY AUTOINCREMENT" in str(rows[0][0])


def test_the_messages_of_version_7_are_numbered_by_date_and_wait_for_the_new_index() -> None:
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection, to=7)
    dates = [5_000, 5_000, 4, 2**40, -3, 5_001, *[7] * (WORDS_SLOTS + 2), 8]
    connection.executemany(
        "INSERT INTO message (header_digest, message_id, subject, sender_name, sender_address,"
        " recipients, date_s, size, attachment, preview, thread_id)"
        " VALUES (x'', '', '', '', '', '', ?, 1, 0, '', 1)",
        [(date_s,) for date_s in dates],
    )
    schema.upgrade(connection)
    rows = connection.execute("SELECT words_id, date_s FROM message ORDER BY words_id").fetchall()
    assert [date_s for _, date_s in rows] == sorted(dates)
    assert (rows[-1][0], rows[-3][0]) == (first_words_id(2**40), first_words_id(5_000) + 1)
    assert connection.execute("SELECT count(*) FROM word_queue").fetchall() == [(len(dates),)]


@pytest.mark.parametrize("version", [9, 12, 14])
def test_messages_wait_for_an_index_that_marks_words_as_it_does_now(version: int) -> None:
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection, to=version)
    connection.execute("INSERT INTO words (rowid, subject) VALUES (320, 'zebra')")
    for message_id in (1, 2):
        connection.execute(
            "INSERT INTO message (id, header_digest, message_id, subject, sender_name,"
            " sender_address, recipients, date_s, size, attachment, preview, thread_id, words_id)"
            " VALUES (?, x'', '', '', '', '', '', 5, 1, 0, '', 1, ?)",
            (message_id, first_words_id(5) + message_id),
        )
    connection.execute("INSERT INTO word_queue (message_id) VALUES (2)")
    schema.upgrade(connection)
    assert connection.execute("SELECT message_id FROM word_queue").fetchall() == [(1,), (2,)]
    assert connection.execute("SELECT rowid FROM words WHERE words MATCH 'zebra'").fetchall() == []


def test_messages_behind_the_ids_of_their_second_are_known() -> None:
    """Dates out of the range of ids count as the first and the last of it."""
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection)
    placed = [(5, 63), (5, 64), (5, 700), (-9, 0), (2**40, 3), (7, 1)]
    connection.executemany(
        "INSERT INTO message (header_digest, message_id, subject, sender_name, sender_address,"
        " recipients, date_s, size, attachment, preview, thread_id, words_id)"
        " VALUES (x'', '', '', '', '', '', ?, 1, 0, '', 1, ?)",
        [(date_s, first_words_id(date_s) + behind) for date_s, behind in placed],
    )
    behind = "words_id - min(max(date_s, 0), 8589934591) * 64"
    rows = connection.execute(
        f"SELECT {behind} FROM message INDEXED BY message_behind WHERE {behind} > 63 ORDER BY 1"  # noqa: S608 - of this test
    ).fetchall()
    assert rows == [(64,), (700,)]
