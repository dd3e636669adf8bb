"""A thorough look at a server's folder: every page of every database, and whether totals add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import apsw

from localserver import snapshot
from localserver.store import functions
from localserver.store.errors import StoreError
from localserver.store.schema import MAIL

if TYPE_CHECKING:
    from pathlib import Path

# What is counted twice, so that it can be read quickly: where the two differ there was a mistake.
_TOTALS: Final = {
    "messages and octets of a mailbox": (
        "SELECT count(*) FROM mailbox LEFT JOIN (SELECT mailbox AS id, count(*) AS number,"
        " sum(size) AS sizes, sum(NOT flags & 1) AS unread FROM entry"
        " JOIN message ON message.id=entry.message GROUP BY mailbox) AS found USING (id)"
        " WHERE messages<>coalesce(number, 0) OR octets<>coalesce(sizes, 0)"
        " OR unseen<>coalesce(unread, 0)"
    ),
    "the quota": (
        "SELECT count(*) FROM (SELECT count(*) AS number, coalesce(sum(size), 0) AS sizes"
        " FROM entry JOIN message ON message.id=entry.message)"
        " WHERE number<>(SELECT value FROM meta WHERE key='messages')"
        " OR sizes<>(SELECT value FROM meta WHERE key='octets')"
    ),
    "copies of a message": (
        "SELECT count(*) FROM message WHERE refs<>(SELECT count(*) FROM entry"
        " WHERE entry.message=message.id)"
    ),
    "messages without contents": (
        "SELECT count(*) FROM entry WHERE NOT EXISTS"
        " (SELECT 1 FROM content WHERE content.message=entry.message)"
    ),
    "messages without a summary": (
        "SELECT count(*) FROM message"
        " LEFT JOIN answer ON answer.message=id LEFT JOIN finding ON finding.message=id"
        " WHERE id<=(SELECT value FROM meta WHERE key='summarised')"
        " AND (answer.message IS NULL OR finding.message IS NULL)"
    ),
}
_MOST_TOLD: Final = 5


def check(data: Path) -> dict[Path, list[str]]:
    """Look through every database of a folder on which no server works.

    Returns:
        For each database what is wrong with it; nothing for a sound one.

    Raises:
        StoreError: It is no folder of a server.
    """
    found = snapshot.databases(data)
    if not found:
        raise StoreError(f"{data} is no folder of a mail server.")
    return {path: _problems(path) for path in found}


def _problems(path: Path) -> list[str]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        functions.register(connection)
        rows = connection.execute(f"PRAGMA integrity_check({_MOST_TOLD})").fetchall()
        problems = [str(row[0]) for row in rows if row != ("ok",)]
        if not problems and connection.pragma("application_id") == MAIL.application_id:
            problems = [
                f"{what} were not counted right"
                for what, sql in _TOTALS.items()
                if cast("int", connection.execute(sql).fetchall()[0][0])
            ]
    except (apsw.CorruptError, apsw.NotADBError) as error:
        return [str(error)]
    finally:
        connection.close()
    return problems
