"""Messages that a server does not have any more: hidden first, removed one full look later.

A listing that is cut short, a server that was restored from a backup or another device in the
middle of a move look the same as a deletion. What comes back meanwhile is shown again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from desktopmail.engine.store import mailbox, placement
from desktopmail.wire.imap.sequence import UidSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.store import Transaction


# What is told unasked is put together as often as so much of it has come.
_PIECES: Final = 1000
# So many ranges of it are kept; of what is beyond the next look misses the count, and asks.
_RANGES: Final = 100_000


def keep_told(kept: list[UidSet], uids: UidSet) -> None:
    """Keep what a server tells unasked to be gone, as far as it is worth it."""
    if len(kept) >= _PIECES:
        kept[:] = [UidSet.union(kept)]
    if not kept or len(kept[0].ranges) < _RANGES:
        kept.append(uids)


def unlink(tx: Transaction, mailbox_id: MailboxId, uids: Iterable[int]) -> int:
    """Hide what vanished; returns how many messages that were."""
    known = placement.by_uids(tx, mailbox_id, sorted(uids))
    cycle = mailbox.get(tx, mailbox_id).cycle
    fresh = [one.id for one in known.values()]
    placement.show(tx, fresh, shown=False)
    tx.execute_many(
        "UPDATE placement SET gone_cycle = ? WHERE id = ? AND gone_cycle IS NULL",
        [(cycle, one) for one in fresh],
    )
    return len(fresh)


def relink(tx: Transaction, placement_ids: Iterable[PlacementId]) -> None:
    """Show again what had only seemed to be gone."""
    ids = list(placement_ids)
    tx.execute_many("UPDATE placement SET gone_cycle = NULL WHERE id = ?", [(one,) for one in ids])
    placement.show(tx, ids, shown=True)


def gone(tx: Transaction, mailbox_id: MailboxId) -> dict[int, PlacementId]:
    """What is hidden as gone, by UID."""
    rows = tx.fetch(
        "SELECT uid, id FROM placement WHERE mailbox_id = ? AND gone_cycle IS NOT NULL"
        " AND uid IS NOT NULL",
        (mailbox_id,),
    )
    return dict(rows)


def finish_cycle(tx: Transaction, mailbox_id: MailboxId) -> int:
    """Remove what was gone a full look ago and still is; returns how many messages that were."""
    cycle = mailbox.begin_cycle(tx, mailbox_id)
    rows = tx.fetch(
        "SELECT id FROM placement WHERE mailbox_id = ? AND gone_cycle < ?",
        (mailbox_id, cycle - 1),
    )
    placement.remove(tx, [row[0] for row in rows])
    # What lost its UID with a UIDVALIDITY and was not met again is hidden from now on.
    lost = tx.fetch(
        "SELECT id FROM placement WHERE mailbox_id = ? AND gone_cycle IS NOT NULL"
        " AND uid IS NULL AND shown = 1",
        (mailbox_id,),
    )
    placement.show(tx, [row[0] for row in lost], shown=False)
    return len(rows)


def void(tx: Transaction, mailbox_id: MailboxId) -> None:
    """The UIDs of a mailbox name nothing any more: the next look meets its messages as on a first.

    What is met again by its header is not fetched again.
    """
    detach(tx, mailbox_id)
    tx.execute(
        "UPDATE mailbox SET uidvalidity = NULL, uidnext = NULL, highestmodseq = NULL,"
        " complete = 0 WHERE id = ?",
        (mailbox_id,),
    )


def detach(tx: Transaction, mailbox_id: MailboxId) -> None:
    """UIDVALIDITY has changed: the UIDs mean nothing now, the messages stay to be met again."""
    cycle = mailbox.get(tx, mailbox_id).cycle
    tx.execute(
        "UPDATE placement SET uid = NULL, modseq = 0, gone_cycle = ?"
        " WHERE mailbox_id = ? AND uid IS NOT NULL",
        (cycle, mailbox_id),
    )
