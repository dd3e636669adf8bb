"""New UIDs of a mailbox meet what is here: a message known already gets its UID, no second row."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from desktopmail.door.ids import MessageId
from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal
from desktopmail.engine.store import mailbox, message, operation, person, placement
from desktopmail.engine.sync import filed, incoming
from desktopmail.engine.sync.flags import stored_flags
from desktopmail.engine.sync.incoming import Incoming
from desktopmail.engine.sync.vanish import gone, relink

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.envelope_rows import Listing
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.message import Kept
    from desktopmail.engine.store.placement import Placed, Placing
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.incoming import Parsed
    from desktopmail.wire.imap.fetch_response import FetchResponse


def place(tx: Transaction, mailbox_id: MailboxId, parsed: Sequence[Parsed]) -> list[MessageId]:
    """Put messages of a server into a mailbox; returns those that are new and unread."""
    fresh: list[MessageId] = []
    known = placement.by_uids(tx, mailbox_id, [one.incoming.uid or 0 for one in parsed])
    # A server may answer for one UID twice: the last answer is the newest.
    last = {one.incoming.uid: one for one in parsed if one.incoming.uid not in known}
    parsed = list(last.values())
    box = mailbox.get(tx, mailbox_id)
    arrived: list[Parsed] = []
    adding: list[Placing] = []
    filed_as: dict[int, PlacementId] = {}
    may_be_filed = filed.is_first_look(tx, box)
    for one, kept in zip(parsed, incoming.keep(tx, parsed), strict=True):
        here = None if kept.is_new else _without_uid(tx, mailbox_id, kept.id)
        if here is not None:
            _take_uid(tx, mailbox_id, here, one.incoming)
            continue
        if kept.is_new and one.incoming.is_whole and may_be_filed:
            kept = _by_octets_of_first_look(tx, box, one, kept)
        placing = incoming.placing(one, kept)
        if _is_in_doubt(tx, box, one, may_be_filed=may_be_filed):
            placing = placing._replace(wanted=True)
        adding.append(placing)
        is_known = not kept.is_new and not one.incoming.flags & Flag.DELETED
        there = filed.find(tx, box, kept.id, filed_as.values()) if is_known else None
        if there is not None:
            filed_as[len(adding) - 1] = there
            continue
        arrived.append(one)
        if not one.incoming.flags & Flag.SEEN:
            fresh.append(kept.id)
    made = placement.add_all(tx, mailbox_id, adding)
    deleted = [
        placement_id
        for placement_id, one in zip(made, adding, strict=True)
        if int(one.flags) & Flag.DELETED.value
    ]
    if deleted:
        placement.show(tx, deleted, shown=False)
    filed.follow(tx, box, [(made[number], there) for number, there in filed_as.items()])
    person.count(tx, [one.summary for one in arrived], sent=box.role is Role.SENT)
    tx.touch_mailboxes(box.account_id)
    return fresh if box.role is Role.INBOX else []


def _by_octets_of_first_look(tx: Transaction, box: Mailbox, one: Parsed, kept: Kept) -> Kept:
    """The message that was filed with these octets, in place of the one just made of them."""
    filed_id = filed.find_same(tx, box, one.summary.digest, one.incoming.octets)
    if filed_id is None:
        return kept
    message.drop_unplaced(tx, [kept.id])
    return message.kept(tx, filed_id)


def _is_in_doubt(tx: Transaction, box: Mailbox, one: Parsed, *, may_be_filed: bool) -> bool:
    """Whether only its octets can tell a message to be here; they come whatever the policy."""
    digest = one.summary.digest
    if one.incoming.is_whole or one.summary.message_id or not digest:
        return False
    alike = tx.fetch(
        "SELECT 1 FROM message AS m JOIN placement AS p ON p.message_id = m.id"
        " WHERE m.header_digest = ? AND m.header_digest <> x'' AND m.blob_id IS NOT NULL"
        " AND p.mailbox_id = ? AND p.uid IS NULL LIMIT 1",
        (digest, box.id),
    )
    return bool(may_be_filed and filed.want(tx, box, digest)) or bool(alike)


def take(tx: Transaction, mailbox_id: MailboxId, message_id: MessageId, came: Incoming) -> bool:
    """Give a message that waits here for its UID what the server told; whether one does."""
    here = _without_uid(tx, mailbox_id, message_id)
    if here is not None:
        _take_uid(tx, mailbox_id, here, came)
    return here is not None


def waiting(tx: Transaction, mailbox_id: MailboxId) -> set[MessageId]:
    """The messages that stand in a mailbox without a UID."""
    rows = tx.fetch(
        "SELECT message_id FROM placement WHERE mailbox_id = ? AND uid IS NULL", (mailbox_id,)
    )
    return {row[0] for row in rows}


def by_octets(tx: Transaction, placed: PlacementId, octets: bytes) -> None:
    """Let a message that came without a Message-ID be the one that is here with these octets.

    That one waits here for its UID, or was filed while the account fetched by POP3. A header alone
    could not tell, as two messages may have the same.
    """
    rows = tx.fetch(
        "SELECT p.mailbox_id, p.uid, p.modseq, p.flags, p.arrived_s, m.header_digest"
        " FROM placement AS p JOIN message AS m ON m.id = p.message_id"
        " WHERE p.id = ? AND p.uid IS NOT NULL AND m.message_id = '' AND m.header_digest <> x''",
        (placed,),
    )
    for mailbox_id, uid, modseq, flags, arrived_s, digest in rows:
        alike = tx.fetch(
            "SELECT DISTINCT m.id FROM message AS m JOIN placement AS p ON p.message_id = m.id"
            " WHERE m.header_digest = ? AND m.header_digest <> x'' AND m.blob_id IS NOT NULL"
            " AND p.mailbox_id = ? AND p.uid IS NULL",
            (digest, mailbox_id),
        )
        for (message_id,) in alike:
            here = _without_uid(tx, mailbox_id, message_id)
            if here is None or not message.is_same(tx, message_id, octets):
                continue
            tags = tuple(sorted(placement.tags_of(tx, placed)))
            operation.retarget(tx, placed, here.id)
            placement.remove(tx, [placed])
            came = Incoming(
                octets, True, len(octets), arrived_s,
                uid=uid, flags=Flag(flags), tags=tags, modseq=modseq,
            )  # fmt: skip
            _take_uid(tx, mailbox_id, here, came)
            return
        filed.take_same(tx, placement.get(tx, [placed])[0], digest, octets)


def place_listed(
    tx: Transaction, mailbox_id: MailboxId, listing: Listing, since_s: float
) -> list[MessageId]:
    """Put messages of which only the envelopes are here into a mailbox: none is known by that.

    Args:
        tx: The step it is part of.
        mailbox_id: The mailbox.
        listing: The messages; of two with one UID the last is the newest.
        since_s: The octets of those that arrived then or later are wanted.

    Returns:
        Those that are new and unread.
    """
    known = placement.taken_uids(tx, mailbox_id, listing.uids)
    last = {uid: place for place, uid in enumerate(listing.uids) if uid not in known}
    if len(last) < len(listing.uids):
        places = set(last.values())
        listing = listing.where(place in places for place in range(len(listing.uids)))
    ids, threads = message.add_listed(tx, listing)
    placement.add_listed(tx, mailbox_id, listing, ids, threads, since_s)
    box = mailbox.get(tx, mailbox_id)
    is_sent = box.role is Role.SENT
    people = listing.others if is_sent else listing.senders
    person.count_people(tx, zip(people, listing.dates_s, strict=True), sent=is_sent)
    tx.touch_mailboxes(box.account_id)
    if box.role is not Role.INBOX:
        return []
    unread = [not mask & Flag.SEEN.value for mask in listing.masks]
    return list(map(MessageId, compress(ids, unread)))


def _without_uid(tx: Transaction, mailbox_id: MailboxId, message_id: MessageId) -> Placed | None:
    """A placement of this message that waits for its UID, and not for an operation of ours."""
    rows = tx.fetch(
        "SELECT id FROM placement AS p WHERE message_id = ? AND mailbox_id = ? AND uid IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM operation_target AS t JOIN operation AS o"
        "  ON o.id = t.operation_id"
        "  WHERE o.state <> 'done' AND o.kind IN ('append', 'copy', 'move')"
        "  AND t.done = 0 AND (t.twin = p.id OR (t.placement_id = p.id AND o.kind = 'append')))"
        " ORDER BY id LIMIT 1",
        (message_id, mailbox_id),
    )
    return placement.get(tx, [rows[0][0]])[0] if rows else None


def _take_uid(tx: Transaction, mailbox_id: MailboxId, here: Placed, came: Incoming) -> None:
    (lost,) = tx.fetch("SELECT gone_cycle IS NOT NULL FROM placement WHERE id = ?", (here.id,))
    tx.execute(
        "UPDATE placement SET uid = ?, modseq = ?, gone_cycle = NULL, arrived_s = ? WHERE id = ?",
        (came.uid, came.modseq, came.arrived_s, here.id),
    )
    if came.wanted:  # a server did not give more than the header, which is asked now
        tx.execute(
            "UPDATE placement SET wanted = 1 WHERE id = ? AND wanted = 0 AND EXISTS (SELECT 1"
            " FROM message AS m WHERE m.id = placement.message_id AND m.blob_id IS NULL)",
            (here.id,),
        )
    if lost[0]:  # after a change of UIDVALIDITY the server knows better
        placement.show(tx, [here.id], shown=not came.flags & Flag.DELETED)
        told = [(here.id, came.flags, came.tags, came.modseq)]
        set_server_flags(tx, mailbox.get(tx, mailbox_id), told)
        return
    # It stood here only (an account that fetched by POP3): what was marked here is told the server.
    missing = here.flags & filed.CARRIED & ~came.flags
    tags = tuple(sorted(placement.tags_of(tx, here.id) - set(came.tags)))
    placement.set_flags(tx, here.id, here.flags | came.flags)
    placement.add_tags(tx, here.id, came.tags)
    if missing or tags:
        journal.store_flags(tx, [here.id], add=missing, add_tags=tags)
    tx.touch_messages(mailbox_id, (here.message_id,))


def set_server_flags(
    tx: Transaction,
    box: Mailbox,
    told: Iterable[tuple[PlacementId, Flag, tuple[str, ...], int]],
) -> None:
    """Take over flags that the server told, with what it has not heard of yet on top of them.

    Tags that it cannot keep stay as they are.
    """
    rows = list(told)
    unheard = operation.unheard_flags(tx, [row[0] for row in rows])
    for placement_id, flags, tags, modseq in rows:
        here = placement.tags_of(tx, placement_id)
        names = set(tags) | {name for name in here if not box.keeps(name)}
        for change in unheard.get(placement_id, ()):
            flags = (flags | Flag(change.add)) & ~Flag(change.remove)
            names = (names | set(change.add_tags)) - set(change.remove_tags)
        placement.set_flags(tx, placement_id, flags, modseq or None)
        if names != here:
            placement.set_tags(tx, placement_id, names)


def update(tx: Transaction, mailbox_id: MailboxId, answers: Sequence[FetchResponse]) -> set[int]:
    """Take over told flags of messages that are here; returns the UIDs that are not."""
    told: dict[int, FetchResponse] = {
        one.uid: one for one in answers if one.uid is not None and one.flags is not None
    }
    back = gone(tx, mailbox_id)
    relink(tx, [back[uid] for uid in told if uid in back])
    known = placement.by_uids(tx, mailbox_id, list(told))
    changed = []
    for uid, one in known.items():
        answer = told[uid]
        mask, tags = stored_flags(answer.flags or frozenset())
        same_tags = not tags and not placement.tags_of(tx, one.id)
        if mask != one.flags or (answer.modseq or 0) > one.modseq or not same_tags:
            changed.append((one.id, mask, tags, answer.modseq or 0))
        if mask & Flag.DELETED and one.shown:
            placement.show(tx, [one.id], shown=False)
        elif one.flags & Flag.DELETED and not mask & Flag.DELETED:
            placement.show(tx, [one.id], shown=True)
    set_server_flags(tx, mailbox.get(tx, mailbox_id), changed)
    placement.touch(tx, [row[0] for row in changed])
    return set(told) - set(known)
