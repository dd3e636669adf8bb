"""Removing messages at an IMAP server: never more than we marked.

With UIDPLUS, UID EXPUNGE names them. Without it EXPUNGE removes whatever anybody has marked: so it
is said only when everything that is marked in this mailbox is ours. CLOSE is never said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.search_key import Is
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.net.imap import ImapClient

# Ranges of UIDs in one command: its line stays below the 8,192 octets that servers have to take.
MAX_RANGES = 350


async def remove(client: ImapClient, uids: Iterable[int]) -> bool:
    """Mark these messages of the open mailbox as deleted, and remove them where that is safe.

    Returns:
        Whether they are gone; else they stay marked, hidden here, until whoever marked the others
        has them removed.
    """
    ours = UidSet.of([Uid(uid) for uid in uids])
    if not ours:
        return True
    for part in ours.pieces(MAX_RANGES):
        await client.uid_store(part, StoreMode.ADD, [DELETED])
    if client.offers("UIDPLUS"):
        for part in ours.pieces(MAX_RANGES):
            await client.uid_expunge(part)
        return True
    marked = (await client.uid_search(Is("DELETED"))).all or UidSet()
    if set(marked) - set(ours):
        return False
    await client.expunge()
    return True
