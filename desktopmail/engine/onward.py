"""Messages moved on before their server heard of the move before: told as one move, or not at all.

From A to B and on to C is one move from A to C, and back to A none. Each keeps by which mailboxes
it went, so that its last step alone can be taken back.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from desktopmail.engine import labels
from desktopmail.engine.store import mailbox, operation, placement, sending
from desktopmail.engine.store.operation import Arguments, Via

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.door.ids import MailboxId, OperationId, PlacementId
    from desktopmail.engine.store.mailbox import Mailbox
    from desktopmail.engine.store.operation import Operation, Target
    from desktopmail.engine.store.placement import Placed
    from desktopmail.engine.store.store import Transaction


def move(
    tx: Transaction, members: Sequence[Placed], target: Mailbox, label: str, undo: str | None
) -> list[Placed]:
    """Let what its server has not heard of yet go to another mailbox; returns the others.

    Args:
        tx: The step it is part of.
        members: Messages of one mailbox.
        target: Where they are to go, in the same account.
        label: What is done, as a person would say it.
        undo: The token by which it can be taken back.
    """
    rest = {one.id: one for one in members}
    built_on = operation.built_on(tx, list(rest))
    free = [one for one in rest if one not in built_on]
    for first, rows in operation.unheard_moves(tx, free):
        source = first.arguments.source
        if source is None or not mailbox.is_at_server(tx, source):
            continue  # it has to be told before the mailbox goes, and so keeps its place
        for row in rows:
            rest.pop(_twin(row))
        _go_on(tx, first, rows, target, label, undo)
    return list(rest.values())


def is_cancelled(one: Operation) -> bool:
    """Whether a move led back to where its server has the messages anyway."""
    return bool(one.arguments.via) and one.arguments.source == one.arguments.target


def can_step_back(tx: Transaction, one: Operation) -> bool:
    """Whether a move has a last step, from a mailbox that is still there."""
    via = one.arguments.via
    return bool(via) and mailbox.is_at_server(tx, via[-1].mailbox)


def step_back(tx: Transaction, one: Operation, rows: Sequence[Target]) -> None:
    """Take back the last step of a move that is not told: the step before waits to be told again.

    Args:
        tx: The step it is part of.
        one: The move, which `can_step_back`.
        rows: Those of its messages that are to come back.
    """
    made, target = _before(tx, one, len(rows), state="pending")
    twins = placement.get(tx, [row.twin for row in rows if row.twin is not None])
    nowhere = [twin.id for twin in twins if twin.uid is None]
    built_on = operation.built_on(tx, nowhere)
    on_their_way = {one for one in nowhere if one not in built_on}
    # Those that never left, or that another device has put where they were to go, where they stay;
    # and those of which something else is to be told, which is told of them where they come back.
    anew = [row.placement_id for row in rows if row.twin not in on_their_way]
    operation.hand_over(tx, [row for row in rows if row.twin in on_their_way], made)
    _relocate(tx, list(on_their_way), target)
    members = placement.get(tx, anew)
    copies = {member.id: placement.copy(tx, member.id, target) for member in members}
    operation.add_targets(
        tx, made, [(member.id, member.flags, copies[member.id]) for member in members]
    )
    placement.show(tx, anew, shown=False)
    now = {_twin(row): copies[row.placement_id] for row in rows if row.twin in built_on}
    let_stand(tx, now, target)
    if is_cancelled(one):
        _part(tx, one, copies, target)
    operation.remove(tx, one.id)


def remember(tx: Transaction, one: Operation, twins: Sequence[PlacementId]) -> None:
    """Keep how the steps before can be taken back when the last one was, after the server heard.

    Args:
        tx: The step it is part of.
        one: The move, which could step back.
        twins: What it has made, and was moved back; nothing where it keeps a step itself.
    """
    # What was moved back while it waited to be told is the same placement still, or the one before.
    left = twins or [row.placement_id for row in operation.targets(tx, one.id)]
    now = operation.stand_now(tx, left)
    members = placement.get(tx, [now[each] for each in left])
    made, _ = _before(tx, one, len(members), state="done")
    operation.add_targets(tx, made, [(member.id, member.flags, None) for member in members])


def _before(
    tx: Transaction, one: Operation, count: int, *, state: str
) -> tuple[OperationId, MailboxId]:
    *earlier, last = one.arguments.via
    arguments = Arguments(source=one.arguments.source, target=last.mailbox, via=tuple(earlier))
    label = labels.moved(count, mailbox.get(tx, last.mailbox).shown_path)
    made = operation.add(tx, one.account_id, "move", arguments, label, undo=last.undo, state=state)
    return made, last.mailbox


def _go_on(
    tx: Transaction,
    first: Operation,
    rows: Sequence[Target],
    target: Mailbox,
    label: str,
    undo: str | None,
) -> None:
    source, between = first.arguments.source, first.arguments.target
    if between is None:
        raise ValueError("a move without a target")
    arguments = Arguments(
        source=source, target=target.id, via=(*first.arguments.via, Via(between, first.undo))
    )
    is_back = source == target.id
    state = "done" if is_back else "pending"
    # A new one: what tells the journal may have read the first one already, and will find nothing
    # left in it.
    made = operation.add(tx, first.account_id, "move", arguments, label, undo=undo, state=state)
    operation.hand_over(tx, rows, made)
    left = len(operation.targets(tx, first.id))
    if left:
        shown_path = mailbox.get(tx, between).shown_path
        operation.name(tx, first.id, labels.moved(left, shown_path))
    if is_back:
        _cancel(tx, made, rows, target)
    else:
        _relocate(tx, [_twin(row) for row in rows], target.id)


def _relocate(tx: Transaction, twins: Sequence[PlacementId], target: MailboxId) -> None:
    placement.relocate(tx, twins, target)
    _carry_flags(tx, {twin: twin for twin in twins}, target)


def let_stand(
    tx: Transaction, now: Mapping[PlacementId, PlacementId], mailbox_id: MailboxId
) -> None:
    """Let placements stand for those that are going, with what was done to these meanwhile.

    A mark, a copy or a move on that is still to be told is told of them where they are; a deletion
    for good is not done elsewhere.

    Args:
        tx: The step it is part of.
        now: Which stands for which: what is going, and what was not told of it, has no UID.
        mailbox_id: Where they stand.
    """
    hidden: set[PlacementId] = set()
    for one, rows in operation.open_about(tx, list(now)):
        ours = [now[row.placement_id] for row in rows]
        if one.kind == "flags":
            for placed in placement.get(tx, ours):
                placement.apply_flags(tx, placed, one.arguments)
        if one.kind == "expunge" and one.arguments.after is None:
            operation.give_up(tx, rows)
            continue
        if one.kind in {"move", "expunge"}:  # the latter waits for a copy in another account
            hidden.update(ours)
        _retell(tx, one, rows, now, mailbox_id)
    for old, new in now.items():
        operation.retarget(tx, old, new)
    sending.follow(tx, now)
    placement.remove(tx, list(now))
    placement.show(tx, [one for one in now.values() if one not in hidden], shown=True)
    placement.show(tx, list(hidden), shown=False)


def copy_instead(tx: Transaction, stand_in: Mapping[PlacementId, PlacementId]) -> bool:
    """Let what is still to be copied of copies that are going be copied of their originals.

    Args:
        tx: The step it is part of.
        stand_in: What is going, each with where its original stands.

    Returns:
        Whether that can be: not of an original that is to be deleted for good.
    """
    lost = {
        row.placement_id
        for one, rows in operation.open_about(tx, list(stand_in.values()))
        if one.kind == "expunge"
        for row in rows
    }
    boxes = {one.id: one.mailbox_id for one in placement.get(tx, list(stand_in.values()))}
    for one, rows in operation.open_about(tx, list(stand_in)):
        if one.kind == "move":  # it was moved on before it was copied
            moved = {_twin(row): stand_in[row.placement_id] for row in rows}
            if not copy_instead(tx, moved):
                return False
        if one.kind != "copy":
            continue
        by_box: dict[MailboxId, list[Target]] = defaultdict(list)
        for row in rows:
            original = stand_in[row.placement_id]
            if original in lost or original not in boxes:
                return False
            by_box[boxes[original]].append(row)
        for box, members in by_box.items():
            _retell(tx, one, members, stand_in, box)
    return True


def copies_since(tx: Transaction, one: Operation, rows: Sequence[Target]) -> list[Target]:
    """What is still to be copied of what an operation has marked, and was not marked by itself.

    Args:
        tx: The step it is part of.
        one: The operation.
        rows: What it was about, with where that stands now.

    Returns:
        Such rows of the copies.
    """
    before = {row.placement_id: row for row in rows}
    copies = {
        row.twin: before[row.placement_id]
        for copy, members in operation.open_about(tx, list(before))
        if copy.kind == "copy" and copy.id > one.id
        for row in members
        if row.twin is not None
    }
    marked = {
        row.placement_id
        for _, members in operation.unheard_flag_changes(tx, list(copies))
        for row in members
    }
    return [replace(row, placement_id=twin) for twin, row in copies.items() if twin not in marked]


def _cancel(tx: Transaction, made: OperationId, rows: Sequence[Target], source: Mailbox) -> None:
    """Let messages stand where they were, with the flags that they got meanwhile."""
    operation.forget_twins(tx, made)
    let_stand(tx, {_twin(row): row.placement_id for row in rows}, source.id)


def _carry_flags(tx: Transaction, now: Mapping[PlacementId, PlacementId], box: MailboxId) -> None:
    """Have changes of flags told of what stands in a mailbox now, and behind its move."""
    for one, rows in operation.unheard_flag_changes(tx, list(now)):
        _retell(tx, one, rows, now, box)


def _part(
    tx: Transaction, one: Operation, copies: Mapping[PlacementId, PlacementId], box: MailboxId
) -> None:
    """Let what was marked since an operation be marked on the copies, and not where they left."""
    changes = operation.unheard_flag_changes(tx, list(copies))
    since = [(change, rows) for change, rows in changes if change.id > one.id]
    for change, rows in reversed(since):
        placement.restore_flags(tx, change.arguments, rows)
    for change, rows in since:
        _retell(tx, change, rows, copies, box)


def _retell(
    tx: Transaction,
    one: Operation,
    rows: Sequence[Target],
    now: Mapping[PlacementId, PlacementId],
    box: MailboxId,
) -> None:
    arguments = msgspec.structs.replace(one.arguments, source=box)
    made = operation.add(tx, one.account_id, one.kind, arguments, one.label, undo=one.undo)
    operation.hand_over(tx, rows, made, now)
    # What is to be done with what it makes is told behind it still.
    twins = [row.twin for row in rows if row.twin is not None]
    for later, theirs in operation.open_about(tx, twins):
        if later.id < made and later.arguments.source is not None:
            _retell(tx, later, theirs, {}, later.arguments.source)


def _twin(row: Target) -> PlacementId:
    if row.twin is None:
        raise ValueError("a move that made no placement")
    return row.twin
