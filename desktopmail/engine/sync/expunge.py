"""Removing messages at an IMAP server: never more than we marked.

With UIDPLUS, UID EXPUNGE names them. Without it EXPUNGE removes whatever anybody has marked: so it
is said only when everything that is marked in this mailbox is ours. CLOSE is never said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine import undo
from desktopmail.engine.store import operation, placement, problem
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.search_key import Is
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.telling import Telling
    from desktopmail.net.imap import ImapClient

# Ranges of UIDs in one command: its line stays below the 8,192 octets that servers have to take.
MAX_RANGES = 350
#: The problem that messages are only marked as deleted.
SERVICE = "expunge"
_ONLY_MARKED = (
    "What was deleted from {} is only marked so at the server: it removes all that is marked there,"
    " and others have marked some, too."
)


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


async def say(at: Telling, box: Mailbox, *, are_gone: bool) -> None:
    """Say where messages are only marked as deleted; or that they are gone now."""
    now_s = at.ports.clock.now().timestamp()

    def step(tx: Transaction) -> None:
        if are_gone:
            problem.settle(tx, at.account.id, SERVICE)
            return
        problem.report(
            tx, at.account.id, SERVICE, _ONLY_MARKED.format(box.shown_path),
            "They go when the program that marked the others removes those.", now_s,
        )  # fmt: skip

    await at.store.write(step)


class Removals:
    """Tells what is to be removed in one account."""

    def __init__(self, at: Telling) -> None:
        self._at = at

    async def tell(self, group: Sequence[Operation]) -> None:
        """Remove messages; where it can only be marked that they are deleted, that is said."""
        after = group[0].arguments.after
        if after is not None:
            other = await self._at.store.read(lambda tx: operation.get(tx, after))
            if other is None:  # it was never proved: it went with its account
                await self._at.store.write(lambda tx: _revert(tx, group))
                return
            if other.state != "done":
                return
        box = await self._at.box(group[0].arguments.source)
        if box is None or box.local:
            await self._at.finish(group)
            return
        members = (await self._at.members(group)).values()
        uids = [placed.uid for _, placed in members if placed.uid is not None]
        if uids:
            await self._at.select(box.path)
            await self._at.running(group)
            await say(self._at, box, are_gone=await remove(self._at.client, uids))
        ids = [one.id for one in group]

        def step(tx: Transaction) -> None:
            gone = [row.placement_id for row in operation.targets_of(tx, ids)]
            operation.finish(tx, *ids)
            placement.remove(tx, gone)

        await self._at.store.write(step)


def _revert(tx: Transaction, group: Sequence[Operation]) -> None:
    for one in group:
        undo.revert(tx, one)
