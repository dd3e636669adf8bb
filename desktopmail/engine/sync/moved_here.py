"""What is new in a mailbox and may be here already: another device moved or copied it.

Its header tells, and saves its octets. Ordinary new mail comes as a whole by one command; to look
at its header first would cost one more. So sizes and dates, which are told with the UIDs of what is
new, pick candidates; they prove nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from desktopmail.wire.imap.sequence import UidSet

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.store import Transaction
    from desktopmail.wire.imap.sequence import Uid

# From here on, in octets, a message is worth a look at its header where one of its size is here.
# Few are that large, so hardly two of them have one size by chance. Of a smaller one the server has
# to tell the same second of arrival, too: a copy has that of what it was copied from (RFC 9051
# section 6.4.7), and two messages of one size hardly ever.
LARGE: Final = 64 * 1024
# Of so many new messages each is asked about; of more the fetcher looks at some, and goes by these.
MOST: Final = 1000
# By POP3 a message ends with a line end that it may not have had (RFC 1939 section 3).
MORE: Final = 2

# So many messages of one mailbox and size are looked at, where a program sends thousands of them.
ALIKE: Final = 1000

# Of each what `Told` is; then LARGE, MORE and ALIKE.
SHOWN: Final = (
    "SELECT s.key FROM json_each(?1) AS s WHERE EXISTS (SELECT 1 FROM mailbox AS b"
    " WHERE EXISTS (SELECT 1 FROM (SELECT p.size, p.arrived_s, p.message_id"
    "   FROM placement AS p INDEXED BY placement_by_size"
    "   WHERE p.mailbox_id = b.id AND p.shown = 1 AND p.size"
    "    BETWEEN json_extract(s.value, '$[0]') AND json_extract(s.value, '$[0]') + ?3"
    "   LIMIT ?4) AS few CROSS JOIN message AS m"
    "  ON m.id = few.message_id AND m.blob_id IS NOT NULL AND m.message_id <> ''"
    "  WHERE few.size >= ?2 OR few.arrived_s = json_extract(s.value, '$[1]')))"
)
# What is hidden as gone.
GONE: Final = (
    "SELECT p.size, p.arrived_s FROM mailbox AS b"
    " CROSS JOIN placement AS p INDEXED BY placement_gone"
    " ON p.mailbox_id = b.id AND p.gone_cycle IS NOT NULL"
    " CROSS JOIN message AS m"
    " ON m.id = p.message_id AND m.blob_id IS NOT NULL AND m.message_id <> ''"
)


class Told(NamedTuple):
    """What a server tells of a new message before it is fetched.

    Attributes:
        size: In octets.
        arrived_s: Its INTERNALDATE; None where the server did not tell.
    """

    size: int
    arrived_s: int | None


def likely(tx: Transaction, box: Mailbox, new: UidSet, told: Mapping[Uid, Told]) -> UidSet:
    """Those of new messages that may be here.

    Args:
        tx: The step it is part of.
        box: Where they are new.
        new: All of them.
        told: What the server told of them; of some there may be nothing.
    """
    if new and _have_gone(tx, box) >= len(new):
        return new
    asked = [uid for uid in told if uid in new]
    if not asked or len(new) > MOST:
        return UidSet()
    names = msgspec.json.encode([told[uid] for uid in asked]).decode()
    here = {asked[key] for (key,) in tx.fetch(SHOWN, (names, LARGE, MORE, ALIKE))}
    gone = set(tx.fetch(GONE))
    sizes = {size for size, _ in gone if size >= LARGE}
    here |= {uid for uid in asked if _is_among(told[uid], gone, sizes)}
    return UidSet.of(here)


def _is_among(one: Told, gone: Container[tuple[int, int | None]], large: Container[int]) -> bool:
    return any(
        size in large or (size, one.arrived_s) in gone
        for size in range(one.size, one.size + MORE + 1)
    )


def _have_gone(tx: Transaction, box: Mailbox) -> int:
    """How many messages just went from other mailboxes of the account."""
    (row,) = tx.fetch(
        "SELECT count(*) FROM mailbox AS b CROSS JOIN placement AS p INDEXED BY placement_gone"
        " ON p.mailbox_id = b.id AND p.gone_cycle IS NOT NULL AND p.uid IS NOT NULL"
        " WHERE b.account_id = ? AND b.id <> ?",
        (box.account_id, box.id),
    )
    return int(row[0])
