"""Which keywords a mailbox keeps at its server; tags that it does not keep stay on this machine.

A flag that is not among the PERMANENTFLAGS of a mailbox is ignored by a STORE, or kept for the
session alone (RFC 9051 section 7.1): what the server tells of tags afterwards says nothing of ours.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.engine import journal
from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.sync.flags import kept_keywords

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.imap_answers import Selected


async def learn(store: Store, box: Mailbox, selected: Selected) -> None:
    """Remember what a mailbox keeps, now that it was opened."""
    kept = kept_keywords(selected.permanent_flags)
    if kept != box.keywords:
        await store.write(partial(_keep, box.id, kept))


def _keep(mailbox_id: MailboxId, kept: frozenset[str] | None, tx: Transaction) -> None:
    before = mailbox.get(tx, mailbox_id)
    mailbox.set_keywords(tx, mailbox_id, kept)
    after = mailbox.get(tx, mailbox_id)
    waiting: dict[str, list[PlacementId]] = defaultdict(list)
    for name, placement_id in tx.fetch(
        "SELECT t.name, p.id FROM placement AS p JOIN placement_tag AS g ON g.placement_id = p.id"
        " JOIN tag AS t ON t.id = g.tag_id WHERE p.mailbox_id = ? ORDER BY p.id",
        (mailbox_id,),
    ):
        if after.keeps(name) and not before.keeps(name):
            waiting[name].append(placement_id)
    for name, placement_ids in waiting.items():  # what stood here only is told the server now
        journal.store_flags(tx, placement_ids, add_tags=(name,))


def carry(
    tx: Transaction,
    source_id: MailboxId,
    target_id: MailboxId,
    arrived: Sequence[PlacementId],
) -> None:
    """Tell the server of a mailbox the tags of what came from one where it could not keep them."""
    source, target = mailbox.get(tx, source_id), mailbox.get(tx, target_id)
    if source.keywords is None:
        return
    for placement_id in arrived:
        names = sorted(
            name
            for name in placement.tags_of(tx, placement_id)
            if target.keeps(name) and not source.keeps(name)
        )
        if names:
            journal.store_flags(tx, [placement_id], add_tags=tuple(names))
