"""What everything works with that tells the journal of an account: the server, and the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.engine.store import mailbox, message, operation, placement, problem
from desktopmail.engine.sync import proof

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation, Target
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.ports import Ports


@dataclass(frozen=True, slots=True)
class Telling:
    """One account, whose journal is told.

    Attributes:
        store: Where the journal is.
        ports: The clock.
        client: Logged in.
        select: Opens a mailbox for changing, unless it is open already.
    """

    store: Store
    ports: Ports
    client: ImapClient
    account: Account
    select: Callable[[str], Awaitable[None]]

    async def box(self, mailbox_id: MailboxId | None) -> Mailbox | None:
        """Return a mailbox as it is now; None when it is gone, or none was named."""
        if mailbox_id is None:
            return None
        wanted = mailbox_id

        def step(tx: Transaction) -> Mailbox | None:
            exists = tx.fetch("SELECT 1 FROM mailbox WHERE id = ?", (wanted,))
            return mailbox.get(tx, wanted) if exists else None

        return await self.store.read(step)

    async def begin(self, group: Sequence[Operation], target: Mailbox) -> int:
        """Remember where the target ends now, before anything is put there; returns that UID."""
        known = [one.arguments.uidnext for one in group if one.arguments.uidnext is not None]
        if len(known) == len(group):
            await self.running(group)
            return min(known)
        since = await proof.next_uid(self.client, target.path)
        await self.store.write(lambda tx: operation.begin(tx, group, min([*known, since])))
        return min([*known, since])

    async def running(self, operations: Sequence[Operation]) -> None:
        """Store, before their first command, that operations may have reached the server."""
        ids = [one.id for one in operations]
        await self.store.write(lambda tx: operation.set_states(tx, ids, "running"))

    async def finish(self, operations: Sequence[Operation]) -> None:
        """Store that operations are done."""

        def step(tx: Transaction) -> None:
            operation.finish(tx, *(one.id for one in operations))
            problem.settle(tx, self.account.id, "journal")

        await self.store.write(step)

    async def fail(self, group: Sequence[Operation], why: str) -> None:
        """Store that operations cannot be done: a person decides what becomes of them."""

        def step(tx: Transaction) -> None:
            for one in group:
                operation.set_state(tx, one.id, "failed", problem=why)

        await self.store.write(step)

    async def members(self, group: Sequence[Operation]) -> dict[int, tuple[Target, Placed]]:
        """What is still to be done, by the UID it has now."""

        def step(tx: Transaction) -> dict[int, tuple[Target, Placed]]:
            targets = {
                target.placement_id: target
                for target in operation.targets_of(tx, [one.id for one in group])
                if not target.done
            }
            return {
                placed.uid: (targets[placed.id], placed)
                for placed in placement.get(tx, list(targets))
                if placed.uid is not None
            }

        return await self.store.read(step)

    async def find(
        self, target: Mailbox, members: Mapping[int, Placed], since: int
    ) -> dict[int, int]:
        """Find in the target what arrived there since, by the digests of the headers."""
        if not members:
            return {}

        def digests(tx: Transaction) -> dict[int, bytes]:
            return {key: message.digest(tx, one.message_id) for key, one in members.items()}

        await self.select(target.path)
        return await proof.by_digest(
            self.client,
            await self.store.read(digests),
            since=since,
            taken=await self.store.read(lambda tx: _others_from(tx, target.id, since, members)),
        )

    async def find_whole(self, target: Mailbox, octets: bytes, since: int) -> int | None:
        """Find in the target what arrived there since with this body and all of these fields."""
        await self.select(target.path)
        taken = await self.store.read(lambda tx: _proved_from(tx, target.id, since))
        return await proof.by_parts(self.client, octets, since=since, taken=taken)


def _others_from(
    tx: Transaction,
    mailbox_id: MailboxId,
    since: int,
    members: Mapping[int, Placed],
) -> list[int]:
    """UIDs that belong to other messages; a look may have made rows of ours already."""
    ours = {placed.message_id for placed in members.values()}
    rows = tx.fetch(
        "SELECT uid, message_id FROM placement WHERE mailbox_id = ? AND uid >= ?",
        (mailbox_id, since),
    )
    return [uid for uid, message_id in rows if message_id not in ours]


def _proved_from(tx: Transaction, mailbox_id: MailboxId, since: int) -> set[int]:
    """UIDs that operations have brought there; a look may have made rows of others already."""
    rows = tx.fetch(
        "SELECT p.uid FROM placement AS p WHERE p.mailbox_id = ? AND p.uid >= ? AND EXISTS ("
        " SELECT 1 FROM operation_target AS t WHERE t.done = 1"
        " AND (t.placement_id = p.id OR t.twin = p.id))",
        (mailbox_id, since),
    )
    return {row[0] for row in rows}


def give_uid(tx: Transaction, twin: PlacementId, uid: int, known: dict[int, Placed]) -> None:
    """Let the twin be the message at this UID; a row that a look made of it before gives way."""
    other = known.get(uid)
    if other is not None and other.id != twin:
        placement.remove(tx, [other.id])
    tx.execute("UPDATE placement SET uid = ? WHERE id = ?", (uid, twin))
    placement.touch(tx, [twin])
