"""What is new in a mailbox and may be here already: another device moved or copied it.

Its header tells, and saves its octets. Ordinary new mail comes as a whole by one command; to look
at its header first would cost one more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from desktopmail.wire.imap.sequence import UidSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Transaction
    from desktopmail.wire.imap.sequence import Uid

# From here on, in octets, a message is worth a look at its header where one of its size is here.
# Few are that large, so hardly two of them have one size by chance.
LARGE: Final = 64 * 1024
# Of so many new messages each is asked about; of more the fetcher looks at some, and goes by these.
MOST: Final = 50

# By POP3 a message ends with a line end that it may not have had (RFC 1939 section 3).
SHOWN: Final = (
    "SELECT DISTINCT s.value FROM json_each(?) AS s CROSS JOIN mailbox AS b"
    " CROSS JOIN placement AS p INDEXED BY placement_by_size"
    " ON p.mailbox_id = b.id AND p.shown = 1 AND p.size BETWEEN s.value AND s.value + 2"
    " CROSS JOIN message AS m"
    " ON m.id = p.message_id AND m.blob_id IS NOT NULL AND m.message_id <> ''"
)
# Of what is hidden as gone; it is less than what is new, or nothing has to be asked.
GONE: Final = (
    "SELECT DISTINCT s.value FROM mailbox AS b"
    " CROSS JOIN placement AS p INDEXED BY placement_gone"
    " ON p.mailbox_id = b.id AND p.gone_cycle IS NOT NULL"
    " CROSS JOIN json_each(?) AS s ON p.size BETWEEN s.value AND s.value + 2"
    " CROSS JOIN message AS m"
    " ON m.id = p.message_id AND m.blob_id IS NOT NULL AND m.message_id <> ''"
)


def likely(tx: Transaction, box: Mailbox, new: UidSet, sizes: Mapping[Uid, int]) -> UidSet:
    """Those of new messages that may be here.

    Args:
        tx: The step it is part of.
        box: Where they are new.
        new: All of them.
        sizes: In octets, as the server told them; of some there may be none.
    """
    if new and _have_gone(tx, box) >= len(new):
        return new
    large = {uid: size for uid, size in sizes.items() if size >= LARGE and uid in new}
    if not large or len(new) > MOST:
        return UidSet()
    asked = msgspec.json.encode(sorted(set(large.values()))).decode()
    here = {row[0] for query in (SHOWN, GONE) for row in tx.fetch(query, (asked,))}
    return UidSet.of(uid for uid, size in large.items() if size in here)


def _have_gone(tx: Transaction, box: Mailbox) -> int:
    """How many messages just went from other mailboxes of the account."""
    (row,) = tx.fetch(
        "SELECT count(*) FROM mailbox AS b CROSS JOIN placement AS p INDEXED BY placement_gone"
        " ON p.mailbox_id = b.id AND p.gone_cycle IS NOT NULL AND p.uid IS NOT NULL"
        " WHERE b.account_id = ? AND b.id <> ?",
        (box.account_id, box.id),
    )
    return int(row[0])
