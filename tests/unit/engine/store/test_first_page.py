"""A database that lost its first page has all its tables again, whatever version it is of."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.engine.store import first_page, schema

if TYPE_CHECKING:
    from pathlib import Path

PAGE = 4096


def make(path: Path, version: int, before: int) -> set[tuple[object, ...]]:
    """Make a store that was of another version before; returns what its schema says."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        schema.upgrade(connection, to=before)
        connection.execute(
            "INSERT INTO account (position, name, address, display_name, kind, incoming, outgoing,"
            " allow_cleartext) VALUES (0, 'mine', 'a', 'd', 'imap', '{}', '{}', 0)"
        )
        schema.upgrade(connection, to=version)
        connection.execute("ANALYZE")
        return schema_of(connection)


def schema_of(connection: apsw.Connection) -> set[tuple[object, ...]]:
    return set(connection.execute("SELECT * FROM sqlite_schema").fetchall())


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
@pytest.mark.parametrize("before", [1, 9])
def test_the_tables_are_found_and_the_version_that_has_them(
    tmp_path: Path, version: int, before: int
) -> None:
    damaged, copy = tmp_path / "mail.db", tmp_path / "copy.db"
    wanted = make(damaged, version, min(before, version))
    with damaged.open("r+b") as file:
        file.write(b"\xaa" * PAGE)
    octets = damaged.read_bytes()
    assert first_page.restore(damaged, copy)
    assert damaged.read_bytes() == octets
    with closing(apsw.Connection(str(copy))) as connection:
        assert schema_of(connection) == wanted
        assert schema.version_of(connection) <= version
        schema.upgrade(connection, to=version)  # a step that makes no object leaves no trace
        assert {one[:2] for one in schema_of(connection)} == {one[:2] for one in wanted}
        assert connection.execute("SELECT name FROM account").fetchall() == [("mine",)]
        schema.upgrade(connection)
        said = connection.execute("PRAGMA integrity_check").fetchall()
        lines = [line for (text,) in said for line in text.splitlines()[1:]]
        assert all(line.endswith("never used") for line in lines), lines  # the old leaves


def test_where_no_table_is_found_there_is_nothing_to_restore(tmp_path: Path) -> None:
    for number, octets in enumerate((b"", b"\xaa" * 50_000, b"\r" * 50_000, bytes(50_000))):
        damaged = tmp_path / f"{number}.db"
        damaged.write_bytes(octets)
        assert not first_page.restore(damaged, tmp_path / f"copy-{number}.db")
