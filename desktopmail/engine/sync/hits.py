"""What a search at the server finds in one mailbox, brought here where it was not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.engine.store import mailbox, placement
from desktopmail.engine.sync import search
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.fetch import Fetcher
    from desktopmail.net.imap_answers import Selected
    from desktopmail.wire.imap.search_key import SearchKey

# Of what a search finds and was never seen here, so many of a mailbox are fetched at once.
MAX_FETCHED = 500


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found in one mailbox.

    Attributes:
        placement_ids: The hits that can be shown.
        fetched: How many of them were not here before.
        left: How many more there are, too old to be fetched with these.
    """

    placement_ids: list[PlacementId]
    fetched: int
    left: int


async def find(fetcher: Fetcher, key: SearchKey) -> Found:
    """Search the mailbox that a fetcher is for; headers of what was never seen here are fetched.

    Raises:
        NetError: The server refused, or failed us.
    """
    store, box = fetcher.store, fetcher.mailbox
    hits = await search.uids(fetcher.client, key)
    missing = await store.read(partial(_missing, box.id, hits))
    newest = UidSet.of(missing[:MAX_FETCHED])
    now_s = fetcher.ports.clock.now().timestamp()
    await fetcher.rows(newest, since_s=box.policy.since_s(now_s), headers_first=newest)
    placed = await store.read(partial(_shown, box.id, hits))
    return Found(placed, len(newest), len(missing) - len(newest))


def begin(mailbox_id: MailboxId, selected: Selected, tx: Transaction) -> Mailbox:
    """Know whose UIDs these are, of a mailbox that was never looked at; a look goes on from it."""
    if mailbox.get(tx, mailbox_id).uidvalidity is None:
        mailbox.know(
            tx,
            mailbox_id,
            uidvalidity=selected.uid_validity,
            uidnext=None,
            highestmodseq=None,
            complete=False,
        )
    return mailbox.get(tx, mailbox_id)


def _missing(mailbox_id: MailboxId, hits: UidSet, tx: Transaction) -> list[Uid]:
    """Those that are not here, the newest first."""
    here = placement.by_uids(tx, mailbox_id, list(hits))
    return sorted((uid for uid in hits if uid not in here), reverse=True)


def _shown(mailbox_id: MailboxId, hits: UidSet, tx: Transaction) -> list[PlacementId]:
    here = placement.by_uids(tx, mailbox_id, list(hits))
    return [one.id for one in here.values() if one.shown]
