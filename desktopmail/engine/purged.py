"""What was deleted for good while an account fetched by POP3, and came back by IMAP.

By IMAP the server is the truth: what it still has is shown. When the account fetches by POP3 again,
what was deleted before that and is as it came stands in the Trash instead of the Inbox: it is gone
from sight, and nothing is lost. What was marked meanwhile is wanted again, and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag, Role
from desktopmail.engine.store import mailbox, placement, pop_seen

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId, MessageId, PlacementId
    from desktopmail.engine.store.store import Transaction

# What stands in the Inbox by IMAP with the header of one that was deleted, beyond those that were
# not; of equal ones first what nobody has marked. A header without a Message-ID may be that of two
# messages, and what could tell is gone.
_BACK = (
    "SELECT s.uidl, p.id, m.id,"
    " (SELECT count(*) FROM placement AS q WHERE q.message_id = m.id AND q.mailbox_id = ?2"
    "  AND q.gone_cycle IS NULL)"
    " - (SELECT count(*) FROM pop_seen AS o WHERE o.account_id = ?1 AND o.message_id = m.id)"
    " FROM pop_seen AS s JOIN message AS m"
    "  ON m.header_digest = s.header_digest AND m.header_digest <> x'' AND m.message_id <> ''"
    " JOIN placement AS p ON p.message_id = m.id"
    " WHERE s.account_id = ?1 AND s.message_id IS NULL AND p.mailbox_id = ?2"
    " AND p.uid IS NOT NULL AND p.gone_cycle IS NULL AND p.shown = 1"
    " ORDER BY p.flags & ~1 <> 0, p.id DESC"
)


def put_away(tx: Transaction, account_id: AccountId) -> None:
    """Put what came back into the Trash, before the account fetches by POP3 again.

    Each is known by its UIDL from now on, so that what is done with it is done at the server.
    """
    inbox = mailbox.find_role(tx, account_id, Role.INBOX)
    trash = mailbox.find_role(tx, account_id, Role.TRASH)
    if inbox is None or trash is None:
        return
    left: dict[MessageId, int] = {}
    known: set[str] = set()
    met: set[PlacementId] = set()
    for uidl, placement_id, message_id, beyond in tx.fetch(_BACK, (account_id, inbox.id)):
        if uidl in known or placement_id in met or left.setdefault(message_id, beyond) <= 0:
            continue
        left[message_id] -= 1
        known.add(uidl)
        met.add(placement_id)
        pop_seen.be(tx, account_id, uidl, message_id)
        (placed,) = placement.get(tx, [placement_id])
        if placed.flags & ~Flag.SEEN or placement.tags_of(tx, placement_id):
            continue
        placement.copy(tx, placement_id, trash.id)
        placement.remove(tx, [placement_id])
