"""Messages moved and copied at an IMAP server: counted as done only where that is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from desktopmail.engine import onward
from desktopmail.engine.store import operation, placement, problem
from desktopmail.engine.sync import expunge, keywords, proof
from desktopmail.engine.sync.telling import give_uid, lost_in
from desktopmail.wire.imap.sequence import Uid, UidSet

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping, Sequence

    from desktopmail.door.ids import PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.telling import Members, Telling
    from desktopmail.wire.imap.codes import CopyUid


class _Try(NamedTuple):
    """One try of a group.

    Attributes:
        since: What is in the target from this UID on may be ours.
        members: What is to be moved or copied.
        found: What an earlier try has brought to the target already, with its UID there.
    """

    source: Mailbox
    target: Mailbox
    since: int
    members: Members
    found: dict[PlacementId, int]


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
        if trying.found:  # the server may have been cut short between copying and removing
            await self._remove(trying, await self._still_there(trying, trying.found))
        await self._arrived(trying, trying.found, remove=True)
        found = dict(trying.found)
        async for told in self._pieces(trying, self._at.client.uid_move):
            await self._arrived(trying, told, remove=True)
            found |= told
        await self._settle(group, trying, found)

    async def copy(self, group: Sequence[Operation], *, then_remove: bool = False) -> None:
        """Copy messages; those that are proved to be there are removed here where they move."""
        trying = await self._begin(group)
        if trying is None:
            return
        found = dict(trying.found)
        async for told in self._pieces(trying, self._at.client.uid_copy):
            found |= told
        if then_remove:
            await self._remove(trying, found)
        await self._arrived(trying, found, remove=then_remove)
        await self._settle(group, trying, found)

    async def _begin(self, group: Sequence[Operation]) -> _Try | None:
        """Begin, or go on where an earlier try was cut short; None where a mailbox is gone."""
        arguments = group[0].arguments
        source, target = await self._at.box(arguments.source), await self._at.box(arguments.target)
        if source is None or target is None:
            await self._at.fail(group, "The mailbox is not there any more.")
            return None
        begun = {one.id for one in group if one.arguments.uidnext is not None}
        target, since = await self._at.begin(group, target)
        members = await self._at.members(group)
        tried = {key: one for key, one in members.items() if one[0].operation_id in begun}
        return _Try(source, target, since, members, await self._at.find(target, tried, since))

    async def _pieces(
        self, trying: _Try, say: Callable[[UidSet, str], Awaitable[CopyUid | None]]
    ) -> AsyncIterator[dict[PlacementId, int]]:
        """Say what is left, in commands that servers take; yields what is proved of each."""
        rest = _uids(trying, trying.members.keys() - trying.found.keys())
        for part in UidSet.of(map(Uid, rest)).pieces(expunge.MAX_RANGES):
            some = {int(uid): rest[int(uid)] for uid in part}
            await self._at.select(trying.source.path)
            code = await say(part, trying.target.path)
            proved = proof.from_code(code, trying.target.uidvalidity, some, since=trying.since)
            told = {some[uid]: new for uid, new in proved.items()}
            missing = {key: trying.members[key] for key in some.values() if key not in told}
            yield told | await self._at.find(trying.target, missing, trying.since)

    async def _remove(self, trying: _Try, found: Container[PlacementId]) -> None:
        """Remove from the source what is in the target."""
        uids = _uids(trying, found)
        if uids:
            await self._at.select(trying.source.path)
            are_gone = await expunge.remove(self._at.client, uids)
            await expunge.say(self._at, trying.source, are_gone=are_gone)

    async def _still_there(self, trying: _Try, keys: Container[PlacementId]) -> set[PlacementId]:
        """Which of these the server has where they were to be moved or copied from."""
        uids = _uids(trying, keys)
        if not uids:
            return set()
        await self._at.select(trying.source.path)
        return {uids[uid] for uid in await proof.still_there(self._at.client, uids)}

    async def _arrived(
        self, trying: _Try, found: Mapping[PlacementId, int], *, remove: bool
    ) -> None:
        """Store what is proved: the twin has its UID, and a moved message leaves its old place."""
        source, target = trying.source, trying.target

        def step(tx: Transaction) -> None:
            known = placement.by_uids(tx, target.id, list(found.values()))
            rows = [trying.members[key][0] for key in found]
            for row in rows:
                if row.twin is not None:
                    give_uid(tx, row.twin, found[row.placement_id], known)
            twins = [row.twin for row in rows if row.twin is not None]
            keywords.carry(tx, source.id, target.id, twins)
            operation.prove(tx, rows)
            if remove:
                # The rows of the operation stay, with the twin in the place of what goes: so it can
                # be taken back.
                operation.pass_on(tx, rows)
                placement.remove(tx, [row.placement_id for row in rows])

        if found:
            await self._at.store.write(step)

    async def _settle(
        self, group: Sequence[Operation], trying: _Try, found: Container[PlacementId]
    ) -> None:
        """End operations; what could not be done stays where the server has it."""
        left = {key: row for key, row in trying.members.items() if key not in found}
        there = await self._still_there(trying, left)
        failed = {left[key][0].operation_id for key in there}
        stay = {one.id for one in group if one.arguments.filed}
        lost = {
            row.operation_id
            for key, (row, placed) in left.items()
            if key not in there and placed.uid is None
        } - (failed | stay)
        is_move = group[0].kind == "move"  # who copies has hidden nothing

        def step(tx: Transaction) -> None:
            rows = [row for row, _ in left.values() if row.operation_id not in stay]
            operation.set_twins(tx, dict.fromkeys(rows))
            back = {
                row.twin: row.placement_id
                for row in rows
                if is_move and row.twin is not None and row.placement_id in there
            }
            onward.let_stand(tx, back, trying.source.id)
            if is_move:
                placement.show(tx, [key for key in there if key not in back.values()], shown=True)
            twins = [row.twin for row in rows if row.twin is not None and row.twin not in back]
            # What is not there any more was removed by another client.
            placement.remove(tx, [*twins, *(key for key in left if key not in there)])
            for operation_id in failed:
                operation.set_state(
                    tx,
                    operation_id,
                    "failed",
                    problem="The server did not do it, and gave no reason.",
                )
            for operation_id in lost:
                operation.set_state(tx, operation_id, "failed", problem=lost_in(trying.source))
            operation.finish(tx, *(one.id for one in group if one.id not in failed | lost))
            problem.settle(tx, self._at.account.id, "journal")

        await self._at.store.write(step)


def _uids(trying: _Try, keys: Container[PlacementId]) -> dict[int, PlacementId]:
    """The UIDs that some of what is to be moved or copied has in the source."""
    return {
        placed.uid: key
        for key, (_, placed) in trying.members.items()
        if placed.uid is not None and key in keys
    }
