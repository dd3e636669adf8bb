"""Flags and tags changed here, told to an IMAP server: what changes amount to, in ranges."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine.store import operation, placement, problem
from desktopmail.engine.sync import expunge
from desktopmail.engine.sync.flags import wire_flags
from desktopmail.engine.sync.telling import lost_in
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import OperationId, PlacementId
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.telling import Telling

_Change = tuple[int, int, tuple[str, ...], tuple[str, ...]]


class FlagChanges:
    """Tells the changes of flags and tags in one account."""

    def __init__(self, at: Telling) -> None:
        self._at = at

    async def store(self, operations: Sequence[Operation]) -> None:
        """Store what several changes of one mailbox amount to: each flag told once."""
        source = operations[0].arguments.source
        box = await self._at.box(source)
        if box is None:
            await self._at.finish(operations)
            return
        await self._at.select(box.path)
        box = await self._at.box(source) or box  # what it keeps may just have been told
        changes = await self._at.store.read(lambda tx: _amount(tx, operations))
        await self._at.running(operations)
        for (add, remove, add_tags, remove_tags), uids in changes.items():
            chosen = UidSet.of([Uid(uid) for uid in uids])
            for mode, names in (
                (StoreMode.ADD, wire_flags(Flag(add), filter(box.keeps, add_tags))),
                (StoreMode.REMOVE, wire_flags(Flag(remove), filter(box.keeps, remove_tags))),
            ):
                if names:
                    for part in chosen.pieces(expunge.MAX_RANGES):
                        await self._at.client.uid_store(part, mode, names)

        def step(tx: Transaction) -> None:
            lost = _part(tx, operations)
            for operation_id in lost:
                operation.set_state(tx, operation_id, "failed", problem=lost_in(box))
            operation.finish(tx, *(one.id for one in operations if one.id not in lost))
            problem.settle(tx, self._at.account.id, "journal")

        await self._at.store.write(step)


def _part(tx: Transaction, operations: Sequence[Operation]) -> set[OperationId]:
    """Those changes that could not be told of all their messages; of the others they are done."""
    rows = operation.targets_of(tx, [one.id for one in operations])
    missed = placement.lost(tx, [row.placement_id for row in rows if not row.done])
    lost = {row.operation_id for row in rows if row.placement_id in missed}
    operation.prove(
        tx,
        [row for row in rows if row.operation_id in lost and row.placement_id not in missed],
    )
    return lost


def _amount(tx: Transaction, operations: Sequence[Operation]) -> dict[_Change, list[int]]:
    """What changes amount to in the end, and for which UIDs: later ones win over earlier ones."""
    amounts: dict[PlacementId, _Change] = defaultdict(lambda: (0, 0, (), ()))
    changes = {one.id: one.arguments for one in operations}
    for target in operation.targets_of(tx, list(changes)):
        if target.done:
            continue
        change = changes[target.operation_id]
        add, remove, add_tags, remove_tags = amounts[target.placement_id]
        amounts[target.placement_id] = (
            (add | change.add) & ~change.remove,
            (remove | change.remove) & ~change.add,
            tuple(sorted({*add_tags, *change.add_tags} - {*change.remove_tags})),
            tuple(sorted({*remove_tags, *change.remove_tags} - {*change.add_tags})),
        )
    groups: dict[_Change, list[int]] = defaultdict(list)
    for placed in placement.get(tx, list(amounts)):
        if placed.uid is not None:
            groups[amounts[placed.id]].append(placed.uid)
    return groups
