"""What a person filed while its account fetched by POP3: the server's copy follows it.

To the server all of it stands in the Inbox. After a switch to IMAP it would come back there:
instead it is moved to where it was filed. Where the server has no such mailbox it is hidden in the
Inbox; so is what was deleted here only, while the server was to keep it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal, labels
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox, message, operation, placement
from desktopmail.engine.store.operation import Arguments

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from desktopmail.door.ids import MailboxId, MessageId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Transaction

CARRIED = Flag.SEEN | Flag.ANSWERED | Flag.FLAGGED | Flag.FORWARDED | Flag.RECEIPT_SENT
"""Flags that a switch from POP3 brings to the server; it never takes one away there."""

# Where a message stands that came by POP3, but for the Inbox and for what is on its way already.
# One that is shown elsewhere counts more than one in the Trash.
_ELSEWHERE = (
    "SELECT p.id FROM placement AS p JOIN mailbox AS b ON b.id = p.mailbox_id"
    " WHERE p.message_id = ?1 AND b.account_id = ?2 AND b.id <> ?3"
    " AND p.uid IS NULL AND p.gone_cycle IS NULL AND p.shown = 1"
    " AND EXISTS (SELECT 1 FROM pop_seen AS s WHERE s.message_id = ?1 AND s.account_id = ?2)"
    " AND NOT EXISTS (SELECT 1 FROM operation_target AS t JOIN operation AS o"
    "  ON o.id = t.operation_id WHERE o.state <> 'done' AND t.done = 0"
    "  AND (t.twin = p.id OR (t.placement_id = p.id AND o.kind = 'append')))"
    " AND NOT EXISTS (SELECT 1 FROM placement AS i"  # hidden for it already
    "  WHERE i.message_id = ?1 AND i.mailbox_id = ?3 AND i.uid IS NOT NULL AND i.shown = 0"
    "  AND NOT EXISTS (SELECT 1 FROM operation_target AS t JOIN operation AS o"
    "   ON o.id = t.operation_id WHERE t.placement_id = i.id AND o.kind = 'move'"
    "   AND o.state <> 'done'))"
    " ORDER BY b.role = 'trash', p.id"
)
# Whole messages that came by POP3, of one header block.
_ALIKE = (
    "SELECT m.id FROM message AS m WHERE m.header_digest = ?1 AND m.header_digest <> x''"
    " AND m.blob_id IS NOT NULL"
    " AND EXISTS (SELECT 1 FROM pop_seen AS s WHERE s.message_id = m.id AND s.account_id = ?2)"
    " ORDER BY m.id"
)


def find(
    tx: Transaction, box: Mailbox, message_id: MessageId, taken: Collection[PlacementId]
) -> PlacementId | None:
    """Where a message was filed that the first look at the Inbox after a switch finds there.

    Args:
        tx: The step it is part of.
        box: The mailbox that is looked at.
        message_id: The message.
        taken: What others that come in this step were filed as.
    """
    if box.role is not Role.INBOX or box.complete:
        return None  # later on it was put there by somebody
    return next((one for one in _elsewhere(tx, box, message_id) if one not in taken), None)


def is_first_look(tx: Transaction, box: Mailbox) -> bool:
    """Whether an Inbox is looked at for the first time since its account fetched by POP3."""
    return (
        box.role is Role.INBOX
        and not box.complete
        and bool(tx.fetch("SELECT 1 FROM pop_seen WHERE account_id = ? LIMIT 1", (box.account_id,)))
    )


def find_same(tx: Transaction, box: Mailbox, digest: bytes, octets: bytes) -> MessageId | None:
    """The message with these octets that was filed; what its header names does not matter."""
    for message_id in _alike(tx, box, digest):
        if message.is_same(tx, message_id, octets):
            return message_id
    return None


def want(tx: Transaction, box: Mailbox, digest: bytes) -> bool:
    """Whether octets have to tell that a message was filed; they are looked at when they come.

    It is remembered up to which UID that may be: what comes later was put there by somebody.
    """
    if not _alike(tx, box, digest):
        return False
    learned = accounts.get(tx, box.account_id).learned
    if learned.filed_below != box.uidnext:
        accounts.learn(tx, box.account_id, replace(learned, filed_below=box.uidnext))
    return True


def take_same(tx: Transaction, came: Placed, digest: bytes, octets: bytes) -> None:
    """Let a message of the Inbox be the one with these octets that was filed, if there is one."""
    box = mailbox.get(tx, came.mailbox_id)
    below = accounts.get(tx, box.account_id).learned.filed_below
    if box.role is not Role.INBOX or below is None or (came.uid or below) >= below:
        return
    message_id = find_same(tx, box, digest, octets)
    if message_id is not None:
        placement.rename(tx, came, message.kept(tx, message_id))
        follow(tx, box, [(came.id, _elsewhere(tx, box, message_id)[0])])


def _alike(tx: Transaction, box: Mailbox, digest: bytes) -> list[MessageId]:
    rows = tx.fetch(_ALIKE, (digest, box.account_id))
    return [row[0] for row in rows if _elsewhere(tx, box, row[0])]


def _elsewhere(tx: Transaction, box: Mailbox, message_id: MessageId) -> list[PlacementId]:
    return [row[0] for row in tx.fetch(_ELSEWHERE, (message_id, box.account_id, box.id))]


def follow(tx: Transaction, box: Mailbox, filed: Sequence[tuple[PlacementId, PlacementId]]) -> None:
    """Have the copies of the server moved to where their messages were filed.

    What was marked there is told the server, and nothing is cleared.

    Args:
        tx: The step it is part of.
        box: The Inbox.
        filed: Placements in it, each with the one it was filed as.
    """
    by_target: dict[MailboxId, list[tuple[Placed, PlacementId]]] = defaultdict(list)
    for came, there in filed:
        (here,), (kept,) = placement.get(tx, [came]), placement.get(tx, [there])
        _share_marks(tx, here, kept)
        by_target[kept.mailbox_id].append((here, there))
    placement.show(tx, [came for came, _ in filed], shown=False)
    deletes = accounts.get(tx, box.account_id).learned.pop_deletes_with_local
    for target_id, members in by_target.items():
        target = mailbox.get(tx, target_id)
        if target.local or (target.role is Role.TRASH and not deletes):
            continue
        label = labels.moved(len(members), target.shown_path)
        arguments = Arguments(source=box.id, target=target_id, filed=True)
        made = operation.add(tx, box.account_id, "move", arguments, label)
        operation.add_targets(tx, made, [(here.id, here.flags, there) for here, there in members])


def _share_marks(tx: Transaction, here: Placed, kept: Placed) -> None:
    told, tags = placement.tags_of(tx, here.id), placement.tags_of(tx, kept.id)
    missing = kept.flags & CARRIED & ~here.flags
    if missing or tags - told:
        journal.store_flags(tx, [here.id], add=missing, add_tags=tuple(sorted(tags - told)))
    placement.set_flags(tx, kept.id, kept.flags | here.flags)
    placement.add_tags(tx, kept.id, told)
    placement.touch(tx, [kept.id])
