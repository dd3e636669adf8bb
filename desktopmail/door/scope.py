"""How far a search here reaches: of which mailboxes a server has more than is here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Not seen to its end yet, or of which octets stay at the server, or are still to be fetched. What a
# POP3 server had is here as a whole, or stays unseen: it cannot be asked.
_PARTLY_HERE = (
    "SELECT m.id FROM mailbox AS m JOIN account AS a ON a.id = m.account_id"
    " WHERE a.kind = 'imap' AND m.local = 0 AND m.selectable = 1 AND m.hidden = 0"
    " AND (m.complete = 0 OR m.withheld = 1 OR m.policy NOT IN ('', 'everything')"
    " OR EXISTS (SELECT 1 FROM placement AS w INDEXED BY placement_wanted"
    " WHERE w.mailbox_id = m.id AND w.wanted = 1))"
)


def partly_here(mailbox_ids: Sequence[int] = ()) -> str:
    """The statement for the ids of mailboxes that are not wholly here.

    Args:
        mailbox_ids: Among these; empty for all.
    """
    among = ",".join(str(int(mailbox_id)) for mailbox_id in mailbox_ids)
    return _PARTLY_HERE + (f" AND m.id IN ({among})" if among else "") + " ORDER BY m.id"
