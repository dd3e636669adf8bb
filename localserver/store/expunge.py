"""Messages out of a mailbox: the UID stays known as expunged, the octets go with the last copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from localserver.store.append import charge, count
from localserver.store.flags import DELETED, SEEN, ranges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw


@dataclass(frozen=True, slots=True)
class Expunged:
    r"""What an expunge did.

    Attributes:
        mailbox: Its id.
        uids: The messages that are gone, ascending.
        modseq: MODSEQ of the expunge.
        unseen: How many of them were not \Seen.
        deleted: How many of them were \Deleted.
        octets: Sum of their sizes.
    """

    mailbox: int
    uids: list[int]
    modseq: int
    unseen: int
    deleted: int
    octets: int


def expunge(
    connection: apsw.Connection,
    mailbox: int,
    uids: Sequence[int] | None,
    *,
    only_deleted: bool = True,
) -> Expunged:
    r"""Remove messages for good.

    Args:
        connection: In a transaction.
        mailbox: Id of the mailbox.
        uids: Which, ascending; None for all.
        only_deleted: Only those that are \Deleted, as EXPUNGE and UID EXPUNGE do.
    """
    rows = _rows(connection, mailbox, uids, only_deleted)
    if not rows:
        return Expunged(mailbox, [], 0, 0, 0, 0)
    (modseq,) = cast(
        "tuple[int]",
        connection.execute(
            "UPDATE mailbox SET modseq=modseq+1 WHERE id=? RETURNING modseq", (mailbox,)
        ).fetchone(),
    )
    gone = [row[0] for row in rows]
    octets = sum(row[3] for row in rows)
    unseen = sum(not row[1] & SEEN for row in rows)
    deleted = sum(bool(row[1] & DELETED) for row in rows)
    connection.executemany(
        "INSERT OR REPLACE INTO expunged VALUES (?, ?, ?)",
        [(mailbox, uid, modseq) for uid in gone],
    )
    connection.executemany(
        "DELETE FROM entry WHERE mailbox=? AND uid=?", [(mailbox, uid) for uid in gone]
    )
    release(connection, [row[2] for row in rows])
    charge(connection, -octets, -len(gone), None)
    count(connection, mailbox, -len(gone), -unseen, -deleted, -octets)
    return Expunged(mailbox, gone, modseq, unseen, deleted, octets)


def release(connection: apsw.Connection, messages: Sequence[int]) -> None:
    """Take one reference from each message, and forget those without any."""
    numbers = [(number,) for number in messages]
    connection.executemany("UPDATE message SET refs=refs-1 WHERE id=?", numbers)
    # The last one knows the references.
    tables = ("content", "answer", "finding", "thread", "message")
    for table in tables:
        key = "id" if table == "message" else "message"
        condition = "refs<=0" if table == "message" else "(SELECT refs FROM message WHERE id=?1)<=0"
        connection.executemany(f"DELETE FROM {table} WHERE {key}=?1 AND {condition}", numbers)


def _rows(
    connection: apsw.Connection, mailbox: int, uids: Sequence[int] | None, only_deleted: bool
) -> list[tuple[int, int, int, int]]:
    query = (
        "SELECT uid, flags, message, size FROM entry JOIN message ON id=message"
        " WHERE mailbox=? AND uid BETWEEN ? AND ?"
    )
    if only_deleted:
        query += f" AND flags & {DELETED}"
    ranges = [(1, 1 << 32)] if uids is None else ranges_of(uids)
    rows: list[tuple[int, int, int, int]] = []
    for first, last in ranges:
        found = connection.execute(query, (mailbox, first, last)).fetchall()
        rows += cast("list[tuple[int, int, int, int]]", found)
    return rows
