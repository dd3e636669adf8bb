"""Placements: a message in a mailbox, with the flags and the UID it has there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from desktopmail.door.ids import MailboxId, MessageId, PlacementId
from desktopmail.door.rows import Flag
from desktopmail.engine.store import message, tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.engine.envelope_rows import Listing
    from desktopmail.engine.store.message import Kept
    from desktopmail.engine.store.operation import Arguments, Target
    from desktopmail.engine.store.store import Transaction

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Placed:
    """A placement of the store."""

    id: PlacementId
    message_id: MessageId
    mailbox_id: MailboxId
    uid: int | None
    flags: Flag
    modseq: int
    shown: bool
    size: int
    arrived_s: int


_COLUMNS = "id, message_id, mailbox_id, uid, flags, modseq, shown, size, arrived_s"


class Placing(NamedTuple):
    """A message that is to be put into a mailbox."""

    kept: Kept
    uid: int | None
    flags: Flag
    arrived_s: int
    modseq: int = 0
    tags: tuple[str, ...] = ()
    wanted: bool = False


def add(
    tx: Transaction,
    mailbox_id: MailboxId,
    kept: Kept,
    *,
    uid: int | None,
    flags: Flag,
    arrived_s: int,
    wanted: bool = False,
) -> PlacementId:
    """Put a message into a mailbox."""
    one = Placing(kept, uid, flags, arrived_s, wanted=wanted)
    (placement_id,) = add_all(tx, mailbox_id, [one])
    return placement_id


def add_all(
    tx: Transaction, mailbox_id: MailboxId, placing: Sequence[Placing]
) -> list[PlacementId]:
    """Put messages into a mailbox."""
    first = tx.reserve("placement")
    ids = [PlacementId(first + number) for number in range(len(placing))]
    tx.execute_many(
        _INSERT,
        (
            (
                placement_id,
                one.kept.id,
                mailbox_id,
                one.uid,
                one.modseq,
                int(one.flags),
                one.arrived_s,
                one.wanted,
                one.kept.date_s,
                one.kept.size,
                one.kept.has_attachment,
                one.kept.thread_id,
                one.kept.sort_sender,
                one.kept.sort_subject,
            )
            for placement_id, one in zip(ids, placing, strict=True)
        ),
    )
    unread = sum(not int(one.flags) & Flag.SEEN.value for one in placing)
    octets = sum(one.kept.size for one in placing)
    tx.count_in(mailbox_id, len(placing), unread=unread, octets=octets)
    for placement_id, one in zip(ids, placing, strict=True):
        if one.tags:
            set_tags(tx, placement_id, one.tags)
    tx.touch_messages(mailbox_id, [one.kept.id for one in placing])
    return ids


_INSERT = (
    "INSERT INTO placement (id, message_id, mailbox_id, uid, modseq, flags, arrived_s, wanted,"
    " date_s, size, attachment, thread_id, sort_sender, sort_subject)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def add_listed(
    tx: Transaction,
    mailbox_id: MailboxId,
    listing: Listing,
    ids: range,
    threads: Sequence[int],
    since_s: float,
) -> None:
    """Put messages of which only the envelopes are here into a mailbox.

    Args:
        tx: The step it is part of.
        mailbox_id: The mailbox.
        listing: The messages.
        ids: Theirs, as they were added (`message.add_listed`).
        threads: Theirs.
        since_s: The octets of those that arrived then or later are wanted.
    """
    first = tx.reserve("placement")
    made = range(first, first + len(ids))
    wanted = [arrived_s >= since_s for arrived_s in listing.arrived_s]
    tx.execute_many(
        _INSERT,
        zip(
            made, ids, repeat(mailbox_id, len(ids)), listing.uids, listing.modseqs, listing.masks,
            listing.arrived_s, wanted, listing.dates_s, listing.sizes, listing.have_attachment,
            threads, listing.sort_senders, listing.sort_subjects, strict=True,
        ),
    )  # fmt: skip
    unread = sum([not mask & Flag.SEEN.value for mask in listing.masks])
    tx.count_in(mailbox_id, len(ids), unread=unread, octets=sum(listing.sizes))
    for placement_id, tags in zip(made, listing.tags, strict=True):
        if tags:
            set_tags(tx, PlacementId(placement_id), tags)
    hidden = [
        PlacementId(placement_id)
        for placement_id, mask in zip(made, listing.masks, strict=True)
        if mask & Flag.DELETED.value
    ]
    if hidden:
        show(tx, hidden, shown=False)
    tx.touch_messages(mailbox_id, map(MessageId, ids))


def copy(tx: Transaction, placement_id: PlacementId, mailbox_id: MailboxId) -> PlacementId:
    """Put the message of a placement into another mailbox too, flags and tags with it."""
    twin = PlacementId(
        tx.insert(
            "INSERT INTO placement (message_id, mailbox_id, uid, flags, arrived_s, wanted, date_s,"
            " size, attachment, thread_id, sort_sender, sort_subject)"
            " SELECT message_id, ?, NULL, flags, arrived_s, wanted, date_s, size, attachment,"
            " thread_id, sort_sender, sort_subject FROM placement WHERE id = ?",
            (mailbox_id, placement_id),
        )
    )
    for flags, size in tx.fetch("SELECT flags, size FROM placement WHERE id = ?", (twin,)):
        tx.count_in(mailbox_id, 1, unread=not Flag(flags) & Flag.SEEN, octets=size)
    tx.execute(
        "INSERT INTO placement_tag (placement_id, tag_id)"
        " SELECT ?, tag_id FROM placement_tag WHERE placement_id = ?",
        (twin, placement_id),
    )
    touch(tx, [twin])
    return twin


def get(tx: Transaction, placement_ids: Sequence[PlacementId]) -> list[Placed]:
    """Return placements, in the order of their ids, without those that are gone."""
    found: list[Placed] = []
    for chunk in _chunks(sorted(set(placement_ids))):
        rows = tx.fetch_gathered(
            f"SELECT json_group_array(json_array({_COLUMNS}) ORDER BY id) FROM placement"
            f" WHERE id IN ({chunk})"
        )
        found += map(_placed, rows)
    return found


def of_mailbox(tx: Transaction, mailbox_id: MailboxId) -> list[Placed]:
    """Every placement of a mailbox that the server has told a UID of, by UID."""
    rows = tx.fetch(
        f"SELECT {_COLUMNS} FROM placement WHERE mailbox_id = ? AND uid IS NOT NULL ORDER BY uid",
        (mailbox_id,),
    )
    return [_placed(row) for row in rows]


def lost(tx: Transaction, placement_ids: Sequence[PlacementId]) -> set[PlacementId]:
    """Those of these placements that have lost their UIDs, and were not met again."""
    rows = tx.fetch(
        "SELECT id FROM placement WHERE id IN (SELECT value FROM json_each(?))"
        " AND uid IS NULL AND gone_cycle IS NOT NULL",
        (msgspec.json.encode(placement_ids).decode(),),
    )
    return {row[0] for row in rows}


def by_uids(tx: Transaction, mailbox_id: MailboxId, uids: Sequence[int]) -> dict[int, Placed]:
    """The placements with these UIDs, by UID."""
    found: dict[int, Placed] = {}
    for chunk in _chunks(uids):
        for row in tx.fetch(
            f"SELECT {_COLUMNS} FROM placement WHERE mailbox_id = ? AND uid IN ({chunk})",
            (mailbox_id,),
        ):
            found[row[3]] = _placed(row)
    return found


def taken_uids(tx: Transaction, mailbox_id: MailboxId, uids: Sequence[int]) -> set[int]:
    """Of these UIDs those that placements of a mailbox have, and maybe others between them."""
    rows = tx.fetch(
        "SELECT uid FROM placement WHERE mailbox_id = ? AND uid BETWEEN ? AND ? LIMIT ?",
        (mailbox_id, min(uids, default=0), max(uids, default=0), len(uids) + 1),
    )
    if len(rows) > len(uids):  # what is missing lies scattered among what is here
        rows = tx.fetch(
            "SELECT uid FROM placement"
            " WHERE mailbox_id = ? AND uid IN (SELECT value FROM json_each(?))",
            (mailbox_id, msgspec.json.encode(uids).decode()),
        )
    return {row[0] for row in rows}


def set_flags(
    tx: Transaction, placement_id: PlacementId, flags: Flag, modseq: int | None = None
) -> None:
    """Set the flags of a placement."""
    tx.execute(
        "UPDATE placement SET flags = ?, modseq = coalesce(?, modseq) WHERE id = ?",
        (int(flags), modseq, placement_id),
    )


def apply_flags(tx: Transaction, one: Placed, arguments: Arguments) -> None:
    """Let a placement have the flags and tags that an operation asks for."""
    set_flags(tx, one.id, (one.flags | Flag(arguments.add)) & ~Flag(arguments.remove))
    if arguments.add_tags:
        add_tags(tx, one.id, arguments.add_tags)
    if arguments.remove_tags:
        remove_tags(tx, one.id, arguments.remove_tags)


def restore_flags(tx: Transaction, arguments: Arguments, targets: Sequence[Target]) -> None:
    """Let placements have the flags and tags again that an operation has found them with."""
    before = {target.placement_id: target for target in targets}
    touched = Flag(arguments.add | arguments.remove)
    for placed in get(tx, list(before)):
        target = before[placed.id]
        set_flags(tx, placed.id, (placed.flags & ~touched) | (target.before & touched))
        remove_tags(tx, placed.id, arguments.add_tags)
        add_tags(tx, placed.id, target.before_tags)
    touch(tx, list(before))


def tags_of(tx: Transaction, placement_id: PlacementId) -> set[str]:
    """The tags of a placement."""
    rows = tx.fetch(
        "SELECT t.name FROM placement_tag AS p JOIN tag AS t ON t.id = p.tag_id"
        " WHERE p.placement_id = ?",
        (placement_id,),
    )
    return {row[0] for row in rows}


def set_tags(tx: Transaction, placement_id: PlacementId, names: Iterable[str]) -> None:
    """Give a placement these tags and no others."""
    tx.execute("DELETE FROM placement_tag WHERE placement_id = ?", (placement_id,))
    add_tags(tx, placement_id, names)


def add_tags(tx: Transaction, placement_id: PlacementId, names: Iterable[str]) -> None:
    """Give a placement these tags too."""
    for name in names:
        tag.add(tx, name)
        tx.execute(
            "INSERT INTO placement_tag (placement_id, tag_id)"
            " SELECT ?, id FROM tag WHERE name = ? ON CONFLICT DO NOTHING",
            (placement_id, name),
        )


def remove_tags(tx: Transaction, placement_id: PlacementId, names: Iterable[str]) -> None:
    """Take these tags from a placement."""
    for name in names:
        tx.execute(
            "DELETE FROM placement_tag WHERE placement_id = ?"
            " AND tag_id = (SELECT id FROM tag WHERE name = ?)",
            (placement_id, name),
        )


def rename(tx: Transaction, placed: Placed, kept: Kept) -> None:
    """Let a placement be of another message; the one it was of is forgotten if that was all."""
    message.give(tx, kept, [placed.id])
    touch(tx, [placed.id])
    message.drop_unplaced(tx, [placed.message_id])


def show(tx: Transaction, placement_ids: Sequence[PlacementId], *, shown: bool) -> None:
    """Let placements be seen, or not; nothing is deleted."""
    touch(tx, placement_ids)
    for chunk in _chunks(placement_ids):
        tx.execute(f"UPDATE placement SET shown = ? WHERE id IN ({chunk})", (shown,))


def relocate(tx: Transaction, placement_ids: Sequence[PlacementId], mailbox_id: MailboxId) -> None:
    """Let placements that have no UID be of another mailbox."""
    touch(tx, placement_ids)
    tx.execute_many(
        "UPDATE placement SET mailbox_id = ? WHERE id = ?",
        [(mailbox_id, one) for one in placement_ids],
    )
    touch(tx, placement_ids)


def remove(tx: Transaction, placement_ids: Sequence[PlacementId]) -> None:
    """Take messages out of mailboxes; those that stand nowhere any more are forgotten.

    What was still to be made of them elsewhere, by a move or a copy, goes with them.
    """
    going = dict.fromkeys(placement_ids)
    ids = list(going)
    while ids := [one for one in _coming_of(tx, ids) if one not in going]:
        going |= dict.fromkeys(ids)
    ids = list(going)
    placed = get(tx, ids)
    touch(tx, ids)
    for chunk in _chunks(ids):
        tx.execute(f"DELETE FROM placement WHERE id IN ({chunk})")
    message.drop_unplaced(tx, dict.fromkeys(one.message_id for one in placed))


def _coming_of(tx: Transaction, placement_ids: Sequence[PlacementId]) -> list[PlacementId]:
    """The placements that open operations have made of these, and that no server has yet."""
    rows = tx.fetch(
        "SELECT p.id FROM operation_target AS t JOIN operation AS o ON o.id = t.operation_id"
        " JOIN placement AS p ON p.id = t.twin"
        " WHERE t.placement_id IN (SELECT value FROM json_each(?)) AND t.twin <> t.placement_id"
        " AND t.done = 0 AND o.state <> 'done' AND p.uid IS NULL"
        " AND json_extract(o.arguments, '$.filed') IS NULL",
        (msgspec.json.encode(placement_ids).decode(),),
    )
    return [row[0] for row in rows]


def touch(tx: Transaction, placement_ids: Sequence[PlacementId]) -> None:
    """Have it told that these rows changed, and the counts of their mailboxes."""
    for chunk in _chunks(placement_ids):
        for mailbox_id, account_id, message_ids in tx.fetch(
            "SELECT p.mailbox_id, m.account_id, json_group_array(p.message_id) FROM placement AS p"
            f" JOIN mailbox AS m ON m.id = p.mailbox_id WHERE p.id IN ({chunk}) GROUP BY m.id"
        ):
            tx.touch_messages(mailbox_id, msgspec.json.decode(message_ids))
            tx.touch_mailboxes(account_id)


def _placed(row: Sequence[Any]) -> Placed:
    return Placed(
        PlacementId(row[0]),
        MessageId(row[1]),
        MailboxId(row[2]),
        row[3],
        Flag(row[4]),
        row[5],
        bool(row[6]),
        row[7],
        row[8],
    )


def _chunks(numbers: Sequence[int]) -> Iterable[str]:
    for start in range(0, len(numbers), _CHUNK):
        yield ",".join(str(int(number)) for number in numbers[start : start + _CHUNK])
