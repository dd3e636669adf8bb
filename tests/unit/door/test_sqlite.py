"""A connection of a reader cannot write, and no cursor outlives its query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.sqlite import fetch, open_read_only

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    connection = apsw.Connection(str(tmp_path / "x.db"))
    fetch(connection, "PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (n); INSERT INTO t VALUES (1), (2), (3)")
    connection.close()
    return tmp_path / "x.db"


def test_a_reader_cannot_write(path: Path) -> None:
    connection = open_read_only(path)
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM t")
    connection.close()


def test_no_cursor_outlives_its_query(path: Path) -> None:
    reader = open_read_only(path)
    assert fetch(reader, "SELECT n FROM t WHERE n > ?", (1,)) == [(2,), (3,)]
    writer = apsw.Connection(str(path))
    writer.execute("INSERT INTO t VALUES (4)")
    blocked, _, left = fetch(writer, "PRAGMA wal_checkpoint(TRUNCATE)")[0]
    assert (blocked, left) == (0, 0)
    reader.close()
    writer.close()


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(apsw.CantOpenError):
        open_read_only(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()
