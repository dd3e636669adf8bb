"""A store of any older version becomes the same as a fresh one, and a newer one is left alone."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import View
from desktopmail.door.sqlite import fetch
from desktopmail.door.view import WORDS_SLOTS, first_words_id
from desktopmail.engine.indexing import index_waiting
from desktopmail.engine.store import schema
from desktopmail.net.ports import system_ports
from tests.helpers import plain_search
from tests.helpers.store import open_store

if TYPE_CHECKING:
    from pathlib import Path


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


def test_a_step_that_sqlite_took_back_itself_fails_for_the_reason_of_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So it does where a disk is full or fails; nobody was told of the disk."""
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection)
    before = shape(connection)
    steps = (*schema.UPGRADES, "CREATE TABLE late (id INTEGER); ROLLBACK; SELECT * FROM nowhere")
    monkeypatch.setattr(schema, "UPGRADES", steps)
    with pytest.raises(apsw.SQLError, match="nowhere"):
        schema.upgrade(connection, to=len(steps))
    assert shape(connection) == before
    connection.execute("BEGIN IMMEDIATE")  # nothing is left open


@pytest.mark.parametrize("version", range(1, schema.VERSION))
async def test_the_mail_of_a_store_of_an_older_version_is_all_there_and_found(
    version: int, tmp_path: Path
) -> None:
    chance = random.Random(version)
    now, old = Profile.at(tmp_path / "now"), Profile.at(tmp_path / "old")
    async with open_store(now.folder) as store:
        rows = await store.write(lambda tx: plain_search.fill(chance, tx))
        await store.write(lambda tx: tx.execute("DELETE FROM mailbox WHERE hidden = 1"))
        totals = await store.read(lambda tx: tx.fetch("SELECT * FROM mailbox_total"))
    shutil.copytree(now.segments, old.segments)
    made_as_of(version, now, old)
    async with open_store(old.folder) as store:
        assert await store.read(lambda tx: tx.fetch("SELECT * FROM mailbox_total")) == totals
        assert await store.read(lambda tx: tx.fetch("PRAGMA integrity_check")) == [("ok",)]
        assert await store.read(lambda tx: tx.fetch("PRAGMA foreign_key_check")) == []
        await index_waiting(store, system_ports())
        reader = SqliteReader(old)
        for _ in range(20):
            asked = plain_search.query(chance)
            expected = {row.id for row in rows if asked.holds is None or asked.holds(row)}
            found = reader.window(View(query=asked.text), 0, 1000)
            assert {row.id for row in found} == expected, asked.text
        reader.close()


def made_as_of(version: int, now: Profile, old: Profile) -> None:
    """Make a database as an older version had it, with the rows of one of now."""
    connection = apsw.Connection(str(old.database))
    schema.upgrade(connection, to=version)
    connection.execute("ATTACH ? AS now", (str(now.database),))
    triggers = fetch(connection, "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'")
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for (table,) in fetch(
        connection,
        "SELECT name FROM now.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'words%'"
        " AND name IN (SELECT name FROM main.sqlite_schema)",
    ):
        columns = ",".join(
            row[0]
            for row in fetch(
                connection,
                "SELECT name FROM pragma_table_info(?1, 'main') WHERE name IN"
                " (SELECT name FROM pragma_table_info(?1, 'now'))",
                (table,),
            )
        )
        connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 - of this test
        connection.execute(
            f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM now.{table}"  # noqa: S608
        )
    if version >= 8:  # else all messages wait after the upgrade anyhow
        connection.execute("INSERT OR IGNORE INTO main.word_queue SELECT id FROM message")
    for _, text in triggers:
        connection.execute(text)
    connection.close()


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
