"""Messages moved and copied at an IMAP server: counted as done only where that is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from desktopmail.engine.store import operation, placement, problem
from desktopmail.engine.sync import expunge, keywords, proof
from desktopmail.engine.sync.telling import give_uid
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation, Target
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.telling import Telling
    from desktopmail.wire.imap.codes import CopyUid


Members = dict[int, "tuple[Target, Placed]"]


class _Try(NamedTuple):
    """One try of a group.

    Attributes:
        since: What is in the target from this UID on may be ours.
        members: What is to be moved or copied, by its UID in the source.
        found: What an earlier try has brought to the target already, by its UID in the source.
    """

    source: Mailbox
    target: Mailbox
    since: int
    members: Members
    found: dict[int, int]


class Moves:
    """Tells the moves and copies within one account."""

    def __init__(self, at: Telling) -> None:
        self._at = at

    async def move(self, group: Sequence[Operation]) -> None:
        """Move messages: by MOVE, or by a copy and the removal of what is proved to be there."""
        if not self._at.client.offers("MOVE"):
            await self.copy(group, then_remove=True)
            return
        trying = await self._begin(group)
        if trying is None:
            return
        await self._arrived(trying, trying.members, trying.found, remove=True)
        found = dict(trying.found)
        async for some, told in self._pieces(trying, self._at.client.uid_move):
            await self._arrived(trying, some, told, remove=True)
            found |= told
        await self._settle(group, trying, found)

    async def copy(self, group: Sequence[Operation], *, then_remove: bool = False) -> None:
        """Copy messages; those that are proved to be there are removed here where they move."""
        trying = await self._begin(group)
        if trying is None:
            return
        found = dict(trying.found)
        async for _, told in self._pieces(trying, self._at.client.uid_copy):
            found |= told
        if then_remove and found:
            await self._at.select(trying.source.path)
            are_gone = await expunge.remove(self._at.client, found)
            await expunge.say(self._at, trying.source, are_gone=are_gone)
        await self._arrived(trying, trying.members, found, remove=then_remove)
        await self._settle(group, trying, found)

    async def _begin(self, group: Sequence[Operation]) -> _Try | None:
        """Begin, or go on where an earlier try was cut short; None where a mailbox is gone."""
        arguments = group[0].arguments
        source, target = await self._at.box(arguments.source), await self._at.box(arguments.target)
        if source is None or target is None:
            await self._at.fail(group, "The mailbox is not there any more.")
            return None
        was_running = group[0].state == "running"
        since = await self._at.begin(group, target)
        members = await self._at.members(group)
        found = await self._at.find(target, _placed(members), since) if was_running else {}
        return _Try(source, target, since, members, found)

    async def _pieces(
        self, trying: _Try, say: Callable[[UidSet, str], Awaitable[CopyUid | None]]
    ) -> AsyncIterator[tuple[Members, dict[int, int]]]:
        """Say what is left, in commands that servers take; yields what is proved of each."""
        rest = {uid: row for uid, row in trying.members.items() if uid not in trying.found}
        for part in UidSet.of([Uid(uid) for uid in rest]).pieces(expunge.MAX_RANGES):
            some = {int(uid): rest[int(uid)] for uid in part}
            await self._at.select(trying.source.path)
            code = await say(part, trying.target.path)
            told = proof.from_code(code, trying.target.uidvalidity, some)
            missing = {uid: row for uid, row in some.items() if uid not in told}
            if missing:
                told |= await self._at.find(trying.target, _placed(missing), trying.since)
            yield some, told

    async def _arrived(
        self,
        trying: _Try,
        members: Members,
        found: dict[int, int],
        *,
        remove: bool,
    ) -> None:
        """Store what is proved: the twin has its UID, and a moved message leaves its old place."""
        source, target = trying.source, trying.target

        def step(tx: Transaction) -> None:
            known = placement.by_uids(tx, target.id, list(found.values()))
            done = [(members[uid], new) for uid, new in found.items() if uid in members]
            for (row, _), new in done:
                if row.twin is not None:
                    give_uid(tx, row.twin, new, known)
            twins = [row.twin for (row, _), _ in done if row.twin is not None]
            keywords.carry(tx, source.id, target.id, twins)
            operation.prove(tx, [row for (row, _), _ in done])
            if remove:
                # The rows of the operation stay, with the twin in the place of what goes: so it can
                # be taken back.
                operation.pass_on(tx, [row for (row, _), _ in done])
                placement.remove(tx, [row.placement_id for (row, _), _ in done])

        if found:
            await self._at.store.write(step)

    async def _settle(
        self, group: Sequence[Operation], trying: _Try, found: dict[int, int]
    ) -> None:
        """End operations; what could not be done stays where the server has it."""
        left = {uid: row for uid, row in trying.members.items() if uid not in found}
        there: set[int] = set()
        if left:
            await self._at.select(trying.source.path)
            there = set(await proof.still_there(self._at.client, left))
        failed = {left[uid][0].operation_id for uid in there}
        stay = {one.id for one in group if one.arguments.filed}

        def step(tx: Transaction) -> None:
            for uid, (row, placed) in left.items():
                if row.twin is not None and row.operation_id not in stay:
                    placement.remove(tx, [row.twin])
                if uid in there:
                    placement.show(tx, [placed.id], shown=True)
                else:  # another client has removed it meanwhile
                    placement.remove(tx, [placed.id])
            for operation_id in failed:
                operation.set_state(
                    tx,
                    operation_id,
                    "failed",
                    problem="The server did not do it, and gave no reason.",
                )
            operation.finish(tx, *(one.id for one in group if one.id not in failed))
            problem.settle(tx, self._at.account.id, "journal")

        await self._at.store.write(step)


def _placed(members: Members) -> dict[int, Placed]:
    return {uid: placed for uid, (_, placed) in members.items()}
