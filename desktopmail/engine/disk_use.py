"""How much room the mail takes, and giving back what removed mail left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.ids import AccountId
from desktopmail.door.queries import AccountUse, DiskUse

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile
    from desktopmail.engine.store.store import Store, Transaction


async def read(store: Store) -> DiskUse:
    """Add up what is here."""
    return await store.read(partial(_read, store.profile))


def _read(profile: Profile, tx: Transaction) -> DiskUse:
    rows = tx.fetch(
        "SELECT a.id, coalesce(sum(t.total), 0), coalesce(sum(t.octets), 0) FROM account AS a"
        " LEFT JOIN mailbox AS m ON m.account_id = a.id"
        " LEFT JOIN mailbox_total AS t ON t.mailbox_id = m.id GROUP BY a.id ORDER BY a.position"
    )
    page = tx.fetch("PRAGMA page_size")[0][0]
    free = tx.fetch("PRAGMA freelist_count")[0][0] * page
    return DiskUse(
        accounts=tuple(
            AccountUse(account_id=AccountId(row[0]), messages=row[1], octets=row[2]) for row in rows
        ),
        database_octets=_size(profile, profile.database.name),
        contents_octets=sum(
            path.stat().st_size for path in profile.segments.iterdir() if path.is_file()
        ),
        free_octets=free + tx.segments.free_octets(),
    )


def _size(profile: Profile, name: str) -> int:
    """A database with its write-ahead log."""
    paths = (profile.database.with_name(name + end) for end in ("", "-wal", "-shm"))
    return sum(path.stat().st_size for path in paths if path.exists())


async def compact(store: Store) -> int:
    """Sweep and shrink every file of the store; returns how many octets the disk got back.

    Raises:
        DoorError: The disk has no room for the copy that this makes of one file at a time.
    """
    before = await read(store)
    for number in await store.read(lambda tx: tx.segments.numbers()):
        await store.maintain(partial(_compact_segment, number))
    await store.maintain(_compact_database)
    after = await read(store)
    return (
        before.database_octets
        + before.contents_octets
        - after.database_octets
        - after.contents_octets
    )


def _compact_segment(number: int, tx: Transaction) -> None:
    rows = tx.fetch("SELECT position FROM blob WHERE segment = ?", (number,))
    tx.segments.sweep(number, (row[0] for row in rows))
    tx.segments.compact(number)


def _compact_database(tx: Transaction) -> None:
    tx.execute("INSERT INTO words (words) VALUES ('optimize')")
    tx.execute("VACUUM")
    tx.fetch("PRAGMA wal_checkpoint(TRUNCATE)")
