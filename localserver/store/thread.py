"""Which thread a message belongs to, for ever: what IMAP's THREADID tells (RFC 8474 section 5.2).

A message joins the thread in which its Message-ID, or one of those it refers to, was seen first;
otherwise it begins one, whose number is its own. Messages are taken in the order in which they
came, when somebody asks for the first time: a delivery costs nothing, and the outcome is the same.
What was told once never changes, even when a later message joins two threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import apsw

# So many messages are threaded in one transaction: others wait for it.
AT_ONCE: Final = 2000


def is_complete(connection: apsw.Connection) -> bool:
    """Whether every message has its thread."""
    (newest,) = connection.execute("SELECT coalesce(max(message), 0) FROM finding").fetchall()
    return cast("int", newest[0]) <= _threaded_up_to(connection)


def extend(connection: apsw.Connection) -> bool:
    """Thread the next messages; part of a write.

    Returns:
        Whether there may be more.
    """
    rows = cast(
        "list[tuple[int, str, str]]",
        connection.execute(
            "SELECT message, message_id, ancestors FROM finding WHERE message>? ORDER BY message"
            " LIMIT ?",
            (_threaded_up_to(connection), AT_ONCE),
        ).fetchall(),
    )
    for message, own, ancestors in rows:
        names = [name for name in (own, *ancestors.split()) if name]
        thread = _known(connection, names)
        if thread is None:
            thread = message
        connection.executemany(
            "INSERT OR IGNORE INTO reference VALUES (?, ?)", [(name, thread) for name in names]
        )
        connection.execute("INSERT INTO thread VALUES (?, ?)", (message, thread))
    if rows:
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('threaded', ?)", (rows[-1][0],))
    return len(rows) == AT_ONCE


def _known(connection: apsw.Connection, names: list[str]) -> int | None:
    """Return the oldest thread in which one of the names was seen."""
    found = [
        cast("int", row[0])
        for name in names
        for row in connection.execute("SELECT thread FROM reference WHERE message_id=?", (name,))
    ]
    return min(found, default=None)


def _threaded_up_to(connection: apsw.Connection) -> int:
    row = connection.execute("SELECT value FROM meta WHERE key='threaded'").fetchone()
    return 0 if row is None else cast("int", row[0])
