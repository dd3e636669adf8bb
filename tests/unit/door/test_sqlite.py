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


def test_what_nobody_can_write_is_read_without_a_file_beside_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile on a disk that is mounted read-only, or in a backup that is."""
    monkeypatch.setattr("os.access", lambda *_: False)
    odd = path.rename(path.with_name("x y?#%41.db"))
    connection = open_read_only(odd)
    assert fetch(connection, "SELECT sum(n) FROM t") == [(6,)]
    assert [one.name for one in path.parent.iterdir()] == [odd.name]
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM t")
    connection.close()


def test_while_somebody_has_it_open_what_he_writes_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = apsw.Connection(str(path))
    writer.execute("INSERT INTO t VALUES (4)")
    monkeypatch.setattr("os.access", lambda *_: False)
    reader = open_read_only(path)
    assert fetch(reader, "SELECT sum(n) FROM t") == [(10,)]
    reader.close()
    writer.close()


@pytest.mark.parametrize("mode", ["WAL", "TRUNCATE"])
def test_what_another_writes_later_is_read_in_a_folder_that_cannot_be_written(
    mode: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine of somebody else: mail of a person that another one may read."""
    writer = apsw.Connection(str(path))
    fetch(writer, f"PRAGMA journal_mode = {mode}")
    writer.execute("INSERT INTO t VALUES (4)")
    monkeypatch.setattr("os.access", lambda *_: False)
    reader = open_read_only(path)
    assert fetch(reader, "SELECT sum(n) FROM t") == [(10,)]
    writer.execute("INSERT INTO t VALUES (5)")
    assert fetch(reader, "SELECT sum(n) FROM t") == [(15,)]
    reader.close()
    writer.close()


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
