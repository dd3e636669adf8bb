"""A first page for a database that lost its own, or lost what hangs on it.

The first page is the root of the tree that says which tables there are and where each begins. Its
leaves stand elsewhere in the file, and are known by what is in them: their rows are read without
SQLite, and put below a new root, in a copy. (https://www.sqlite.org/fileformat2.html)
"""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import apsw

from desktopmail.door.sqlite import fetch
from desktopmail.engine.store import schema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LEAF_OF_A_TABLE = 0x0D
_LEAF_HEADER = 8
_CELL_COUNT = slice(3, 5)
_KINDS = frozenset({"table", "index", "view", "trigger"})
_WRITE_AHEAD = b"\x02\x02"  # how it is written and read
_VERSIONS = slice(18, 20)
_CHANGES = slice(24, 28)
_PAGES = slice(28, 32)
_VALID_FOR = slice(92, 96)


class _Object(NamedTuple):
    """A row of the schema: a table or an index, and the page it begins at."""

    kind: str
    name: str
    table: str
    root: int
    sql: str | None


def restore(database: Path, copy: Path) -> bool:
    """Make a copy of a damaged database whose tables can be found; whether any were.

    Raises:
        apsw.Error: SQLite cannot do with it what it has to.
    """
    octets = _empty_database()
    page = len(octets)
    if database.stat().st_size < 2 * page:
        return False
    shutil.copyfile(database, copy)
    log = database.with_name(database.name + "-wal")
    if log.exists():
        shutil.copyfile(log, copy.with_name(copy.name + "-wal"))
    with copy.open("r+b") as file:
        file.write(_first_page(octets, pages=database.stat().st_size // page))
    with closing(apsw.Connection(str(copy))) as connection:
        fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")  # the log may have newer pages
    objects = _newest(_objects(copy, page))
    if not objects:
        return False
    with closing(apsw.Connection(str(copy))) as connection:
        connection.config(apsw.SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1)
        with connection:
            connection.execute("DELETE FROM sqlite_schema")
            connection.executemany("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", objects)
            connection.execute(f"PRAGMA user_version = {_version_of(objects)}")
    return True


def _empty_database() -> bytes:
    """One page: a database in which nothing is."""
    with closing(apsw.Connection(":memory:")) as connection:
        connection.execute("PRAGMA user_version = 1")
        return bytes(connection.serialize("main"))


def _first_page(octets: bytes, *, pages: int) -> bytes:
    page = bytearray(octets)
    page[_VERSIONS] = _WRITE_AHEAD
    page[_PAGES] = pages.to_bytes(4, "big")
    page[_VALID_FOR] = page[_CHANGES]
    return bytes(page)


def _objects(database: Path, page: int) -> Iterator[tuple[int, _Object]]:
    """The rows of everything that looks like a leaf of the schema."""
    with database.open("rb") as file:
        file.seek(page)
        while len(octets := file.read(page)) == page:
            if octets[0] == _LEAF_OF_A_TABLE:
                try:
                    yield from list(_rows(octets))
                except (IndexError, ValueError):
                    continue  # it is of another table


def _rows(page: bytes) -> Iterator[tuple[int, _Object]]:
    """The rows of one leaf.

    Raises:
        IndexError, ValueError: It is none of the schema.
    """
    for number in range(int.from_bytes(page[_CELL_COUNT], "big")):
        place = _LEAF_HEADER + 2 * number
        at = int.from_bytes(page[place : place + 2], "big")
        length, at = _varint(page, at)
        rowid, at = _varint(page, at)
        if at + length > len(page):
            raise ValueError("it goes on elsewhere")
        yield rowid, _object(page[at : at + length])


def _object(record: bytes) -> _Object:
    kind, name, table, root, sql = _values(record)
    if (
        kind not in _KINDS
        or not isinstance(name, str)
        or not isinstance(table, str)
        or not isinstance(root, int)
        or not (sql is None or isinstance(sql, str))
    ):
        raise ValueError("no row of a schema")
    return _Object(str(kind), name, table, root, sql)


def _values(record: bytes) -> list[int | str | None]:
    header, at = _varint(record, 0)
    body, found = header, list[int | str | None]()
    while at < header:
        kind, at = _varint(record, at)
        if kind >= 13 and kind % 2:
            size = (kind - 13) // 2
            found.append(record[body : body + size].decode())
        elif kind in _INTEGERS:
            size = _INTEGERS[kind]
            found.append(int.from_bytes(record[body : body + size], "big", signed=True))
        elif kind in {0, 8, 9}:
            size = 0
            found.append(None if kind == 0 else kind - 8)
        else:
            raise ValueError("neither a number nor text")
        body += size
    return found


_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _varint(octets: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine octets, and where it ends."""
    value = 0
    for end in range(at, at + 8):
        value = value << 7 | octets[end] & 0x7F
        if octets[end] < 0x80:
            return value, end + 1
    return value << 8 | octets[at + 8], at + 9


def _newest(rows: Iterator[tuple[int, _Object]]) -> list[_Object]:
    """What the schema was at last: a leaf that was given up may still be in the file.

    A row keeps its number while columns are added to its table; a table that is made anew gets a
    higher one.
    """
    known = {name for _, name in _schema_of(schema.VERSION)}
    by_number: dict[int, _Object] = {}
    for number, one in rows:
        before = by_number.get(number)
        if before is None or _rank(one, known) > _rank(before, known):
            by_number[number] = one
    by_name = {(one.kind, one.name): one for _, one in sorted(by_number.items())}
    return list(by_name.values())


def _rank(one: _Object, known: set[str]) -> tuple[bool, int]:
    return one.table in known, len(one.sql or "")


def _version_of(objects: list[_Object]) -> int:
    """The first version of the store that has just these objects; the last one where none has.

    What a step does besides making them is done once more, which changes nothing.
    """
    found = {
        (one.kind, one.name): _columns(one.sql)
        for one in objects
        if not one.name.startswith("sqlite_")  # SQLite's own, some of which come by ANALYZE
    }
    versions = range(1, schema.VERSION + 1)
    return next((one for one in versions if _schema_of(one) == found), schema.VERSION)


def _schema_of(version: int) -> dict[tuple[str, str], int]:
    with closing(apsw.Connection(":memory:")) as connection:
        schema.upgrade(connection, to=version)
        rows = fetch(
            connection,
            "SELECT type, name, sql FROM sqlite_schema"
            " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )
    return {(kind, name): _columns(sql) for kind, name, sql in rows}


def _columns(sql: str | None) -> int:
    """How many columns there are, or as good as that: each but the last is before a comma."""
    return sql.count(",") if sql else 0
