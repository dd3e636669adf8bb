"""Messages from one mailbox to another: copies share their octets, a move is one commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from localserver.store.append import charge, take_in
from localserver.store.expunge import Expunged, expunge
from localserver.store.flags import DELETED, SEEN, ranges_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw


@dataclass(frozen=True, slots=True)
class Copied:
    r"""What a copy or move did.

    Attributes:
        mailbox: Id of the target.
        source: UIDs that were copied, ascending; those that did not exist any more are not in it.
        target: Their new UIDs, in the same order.
        modseq: MODSEQ of the copies.
        unseen: How many of them are not \Seen.
        deleted: How many of them are \Deleted.
        octets: Sum of their sizes.
        expunged: What a move did to the source, None for a copy.
    """

    mailbox: int
    source: list[int]
    target: list[int]
    modseq: int
    unseen: int
    deleted: int
    octets: int
    expunged: Expunged | None


def copy(
    connection: apsw.Connection,
    source: int,
    uids: Sequence[int],
    target: int,
    *,
    saved: int,
    quota_octets: int | None,
    move: bool = False,
) -> Copied:
    """Copy or move messages with flags, keywords, INTERNALDATE and EMAILID.

    Args:
        connection: In a transaction.
        source: Id of the mailbox they are in.
        uids: Which, ascending.
        target: Id of the mailbox they go to; may be the source.
        saved: Now, in seconds since 1970 (SAVEDATE).
        quota_octets: Limit of the user.
        move: Expunge them from the source; a move costs no quota.

    Raises:
        OverQuotaError: The quota would be passed; nothing is copied.
        NoSuchMailboxError: The target was deleted meanwhile.
    """
    rows = _rows(connection, source, uids)
    if not rows:
        return Copied(target, [], [], 0, 0, 0, 0, None)
    unseen = sum(not row[1] & SEEN for row in rows)
    deleted = sum(bool(row[1] & DELETED) for row in rows)
    octets = sum(row[3] for row in rows)
    first, modseq = take_in(connection, target, len(rows), unseen, deleted, octets)
    charge(connection, octets, len(rows), None if move else quota_octets)
    connection.executemany(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
        [
            (target, uid, flags, modseq, message, saved)
            for uid, (_, flags, message, _) in enumerate(rows, first)
        ],
    )
    connection.executemany("UPDATE message SET refs=refs+1 WHERE id=?", [(row[2],) for row in rows])
    copied = [row[0] for row in rows]
    gone = expunge(connection, source, copied, only_deleted=False) if move else None
    new = list(range(first, first + len(rows)))
    return Copied(target, copied, new, modseq, unseen, deleted, octets, gone)


def _rows(
    connection: apsw.Connection, mailbox: int, uids: Sequence[int]
) -> list[tuple[int, int, int, int]]:
    rows: list[tuple[int, int, int, int]] = []
    for first, last in ranges_of(uids):
        found = connection.execute(
            "SELECT uid, flags, message, size FROM entry JOIN message ON id=message"
            " WHERE mailbox=? AND uid BETWEEN ? AND ?",
            (mailbox, first, last),
        ).fetchall()
        rows += cast("list[tuple[int, int, int, int]]", found)
    return rows
