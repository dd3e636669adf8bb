"""Fetching the octets of messages of which only the headers are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.engine.store import mailbox, placement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import AccountId, MailboxId, PlacementId
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.working import Working


class Octets:
    """Has the workers fetch what is missing.

    Args:
        store: Where it goes.
        working: Whose connections fetch it.
    """

    def __init__(self, store: Store, working: Working) -> None:
        self._store = store
        self._working = working

    async def carry_out(self, placement_ids: Sequence[PlacementId]) -> Outcome:
        """Fetch messages, as `fetch` does."""
        await self.fetch(placement_ids)
        return Outcome()

    async def fetch(self, placement_ids: Sequence[PlacementId]) -> None:
        """Fetch messages, and answer when they are here.

        Raises:
            DoorError: We are offline, an account is set aside, or a server refused.
        """

        def by_account(tx: Transaction) -> dict[AccountId, list[PlacementId]]:
            found: dict[AccountId, list[PlacementId]] = {}
            for one in placement.get(tx, placement_ids):
                account_id = mailbox.get(tx, one.mailbox_id).account_id
                found.setdefault(account_id, []).append(one.id)
            return found

        for account_id, ids in (await self._store.read(by_account)).items():
            if self._working.is_offline:
                raise DoorError(
                    "The program is offline, and these messages are at the server.",
                    remedy="Go online first.",
                    code="offline",
                )
            at_work = await self._working.need(account_id)
            if at_work.imap is not None:
                await at_work.imap.fetch_octets(ids, at_work.worker)

    async def fetch_missing(self, placement_ids: Sequence[PlacementId]) -> None:
        """Fetch those of them that are not here as a whole."""

        def missing(tx: Transaction) -> list[PlacementId]:
            return [one.id for one in placement.get(tx, placement_ids) if not _is_here(tx, one)]

        await self._fetch_if_any(await self._store.read(missing))

    async def bring(self, placement_ids: Sequence[PlacementId], target: MailboxId) -> None:
        """Across accounts the octets travel through here, so they have to be here."""

        def missing(tx: Transaction) -> list[PlacementId]:
            account_id = mailbox.get(tx, target).account_id
            return [
                one.id
                for one in placement.get(tx, placement_ids)
                if mailbox.get(tx, one.mailbox_id).account_id != account_id
                and not _is_here(tx, one)
            ]

        await self._fetch_if_any(await self._store.read(missing))

    async def _fetch_if_any(self, wanted: Sequence[PlacementId]) -> None:
        if wanted:
            await self.fetch(wanted)


def _is_here(tx: Transaction, one: Placed) -> bool:
    rows = tx.fetch("SELECT 1 FROM message WHERE id = ? AND blob_id IS NULL", (one.message_id,))
    return not rows
