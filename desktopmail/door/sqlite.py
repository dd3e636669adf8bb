"""Reading from SQLite: a connection that cannot write, and rows read to their end at once."""

from __future__ import annotations

import os
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import apsw

from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desktopmail.door.profile import Profile

BUSY_TIMEOUT_MS = 10_000
#: What SQLite raises where a file is not what it wrote.
DAMAGE = (apsw.CorruptError, apsw.NotADBError)

# What SQLite keeps beside a database that somebody writes.
_BESIDE = ("-shm", "-wal", "-journal")

Value = str | int | float | bytes | None
#: The columns of a row. All tables are STRICT, so SQLite has checked what the types say.
Fields = tuple[Any, ...]


def damaged(profile: Profile, error: Exception) -> DoorError:
    """Say that the store of a profile is damaged, and what to do."""
    return DoorError(
        f"The store in {profile.folder} is damaged: {error}.",
        remedy='Run "desktopmail doctor --repair".',
        code="damaged",
    )


def open_read_only(path: Path) -> apsw.Connection:
    """Open a database that the engine writes.

    Raises:
        apsw.CantOpenError: It is not there.
    """
    flags = apsw.SQLITE_OPEN_READONLY
    if _cannot_change(path):
        # Else SQLite wants to make a file beside it, for readers and a writer to share.
        connection = apsw.Connection(
            f"{path.absolute().as_uri()}?immutable=1", flags=flags | apsw.SQLITE_OPEN_URI
        )
    else:
        connection = apsw.Connection(str(path), flags=flags)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return connection


def roll_back(path: Path) -> None:
    """Take back what a crash left half written in a database that has a journal for that.

    SQLite does so by itself, but not for who may only read.
    """
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        fetch(connection, "SELECT count(*) FROM sqlite_schema")


@contextmanager
def without_waiting(connection: apsw.Connection) -> Iterator[None]:
    """Wait for nobody who has a database locked meanwhile."""
    connection.set_busy_timeout(0)
    try:
        yield
    finally:
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)


def _cannot_change(path: Path) -> bool:
    """Whether nobody has a database open, and nobody could: its folder cannot be written."""
    if os.access(path.parent, os.W_OK) or not path.exists():
        return False
    return not any(path.with_name(path.name + end).exists() for end in _BESIDE)


def fetch(
    connection: apsw.Connection, sql: str, parameters: tuple[Value, ...] = ()
) -> list[Fields]:
    """Return all rows; the statement is finished when this returns."""
    return connection.execute(sql, parameters).fetchall()
