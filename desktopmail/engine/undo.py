"""Taking back what a person did: before the server heard of it, and after, by the opposite."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.ids import OperationId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag
from desktopmail.engine import journal, mailboxes, onward
from desktopmail.engine.store import mailbox, operation, placement, problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.engine.store.operation import Arguments, Operation, Target
    from desktopmail.engine.store.store import Transaction


def carry_out(tx: Transaction, token: str) -> Outcome:
    """Take a command back, as `take_back` does."""
    return Outcome(label=take_back(tx, token))


def take_back(tx: Transaction, token: str) -> str:
    """Take back the command of a token, before or after the server heard of it.

    Raises:
        DoorError: It cannot be taken back any more.
    """
    operations = operation.with_undo(tx, token)
    if not operations:
        raise _too_late()
    moved = _moved_across(operations)
    gone = [one for one in operations if one.kind == "expunge" and one.state == "done"]
    if any(one not in moved for one in gone):
        raise DoorError(
            "This cannot be taken back: the server has removed it for good.", code="no-undo"
        )
    # What is left of none of them cannot be taken back; of some, the others can.
    if not sum([_take_back(tx, one, moved) for one in operations]):
        raise _too_late()
    return f"Taken back: {operations[-1].label}"


def _take_back(tx: Transaction, one: Operation, moved: Mapping[Operation, Operation]) -> bool:
    """Take an operation back; whether anything was left of it."""
    if one in moved:
        _bring_back(tx, one, moved[one])
    elif one in moved.values():
        pass  # its copies are what is brought back
    elif onward.is_cancelled(one):
        _go_again(tx, one)
    elif one.state in {"pending", "failed"}:
        # What the server did of it is answered, the rest it need not hear of.
        rows = operation.targets(tx, one.id)
        _answer(tx, one, [row for row in rows if row.done])
        if onward.can_step_back(tx, one):
            onward.step_back(tx, one, [row for row in rows if not row.done])
        else:
            revert(tx, one)
    else:
        return _answer(tx, one, operation.targets(tx, one.id))
    return True


def _go_again(tx: Transaction, one: Operation) -> None:
    """Messages came back before the server heard that they had gone: they go again."""
    rows = operation.targets(tx, one.id)
    placed = placement.get(tx, [row.placement_id for row in rows])
    shown = {member.id for member in placed if member.shown}
    standing = [row for row in rows if row.placement_id in shown]
    if not standing or not onward.can_step_back(tx, one):
        raise _too_late()
    onward.step_back(tx, one, standing)


def _moved_across(operations: Sequence[Operation]) -> dict[Operation, Operation]:
    """What another account has got, by the operation that has removed it from where it stood.

    A move between accounts is a copy and, right behind it, the removal that waits for it.
    """
    by_id = {one.id: one for one in operations}
    found: dict[Operation, Operation] = {}
    for one in operations:
        copied = by_id.get(OperationId(one.id - 1))
        if one.kind != "expunge" or one.state != "done" or copied is None:
            continue
        if copied.kind == "append" and copied.state == "done":
            found[one] = copied
    return found


def _bring_back(tx: Transaction, gone: Operation, copied: Operation) -> None:
    """Move what another account has got back to where it was."""
    copies = [target.placement_id for target in operation.targets(tx, copied.id)]
    if not copies or gone.arguments.source is None:
        raise _too_late()
    journal.move(tx, copies, gone.arguments.source)
    tx.execute("UPDATE operation SET undo = NULL WHERE id IN (?, ?)", (gone.id, copied.id))


def revert(tx: Transaction, one: Operation) -> None:
    """Take an operation out of the journal, and what it showed out of the lists.

    What the server has done of it already stays done; what waited for all of it is taken back too:
    a message is never removed from where it stands for a copy that does not come about.

    Raises:
        DoorError: What was copied of a copy would be lost with it, as the original is, too.
    """
    targets = [target for target in operation.targets(tx, one.id) if not target.done]
    for follower in operation.followers(tx, one.id):
        revert(tx, follower)
    ids = [target.placement_id for target in targets]
    twins = {target.twin: target.placement_id for target in targets if target.twin is not None}
    operation.remove(tx, one.id)
    match one.kind:
        case "flags":
            # Where they were moved on since, the flags went with them.
            now = operation.stand_now(tx, ids)
            moved = [replace(it, placement_id=now[it.placement_id]) for it in targets]
            copied = onward.copies_since(tx, one, [*targets, *moved])
            placement.restore_flags(tx, one.arguments, [*targets, *moved, *copied])
        case "copy":
            now = operation.stand_now(tx, ids)
            stand_in = {twin: now[original] for twin, original in twins.items()}
            if not onward.copy_instead(tx, stand_in):
                raise _too_late()
            placement.remove(tx, list(twins))
        case "move" if one.arguments.source is not None and not one.arguments.filed:
            onward.let_stand(tx, twins, one.arguments.source)
        case "move" | "expunge":
            placement.show(tx, ids, shown=True)
        case "append":
            placement.remove(tx, ids)
        case "create" if one.arguments.target is not None:
            _revert_create(tx, one.arguments.target)
        case _:
            mailboxes.revert(tx, one)
    if one.state == "failed" and not operation.has_failed(tx, one.account_id):
        problem.settle(tx, one.account_id, "journal")


def _revert_create(tx: Transaction, mailbox_id: MailboxId) -> None:
    """A mailbox is not made: what was to go into it stays where it is.

    What stands only here, as a draft does, is kept: then the mailbox is one of this device alone.
    """
    for other in operation.into_mailbox(tx, mailbox_id):
        if other.kind in {"move", "copy"}:
            revert(tx, other)
        elif other.kind == "append":
            operation.remove(tx, other.id)
    if tx.fetch("SELECT 1 FROM placement WHERE mailbox_id = ? LIMIT 1", (mailbox_id,)):
        mailbox.let_be_local(tx, mailbox_id)
    else:
        mailbox.remove(tx, mailbox_id)


def _answer(tx: Transaction, one: Operation, targets: Sequence[Target]) -> bool:
    """Do the opposite of what the server has heard of already; whether anything is left of it."""
    if not mailboxes.answer(tx, one):
        if not targets:
            return False
        _answer_messages(tx, one, targets)
    tx.execute("UPDATE operation SET undo = NULL WHERE id = ?", (one.id,))
    return True


def _answer_messages(tx: Transaction, one: Operation, targets: Sequence[Target]) -> None:
    ids = [target.placement_id for target in targets]
    twins = [target.twin for target in targets if target.twin is not None]
    now = operation.stand_now(tx, [*ids, *twins])
    ids, twins = [now[it] for it in ids], [now[it] for it in twins]
    arguments = one.arguments
    match one.kind:
        case "flags":
            for (flags, tags), members in _same_before(arguments, targets).items():
                journal.store_flags(
                    tx,
                    [now[it] for it in members],
                    add=Flag(arguments.remove) & flags,
                    remove=Flag(arguments.add) & ~flags,
                    add_tags=tuple(tag for tag in arguments.remove_tags if tag in tags),
                    remove_tags=tuple(tag for tag in arguments.add_tags if tag not in tags),
                )
        case "move" if arguments.source is not None:
            _forgive(tx, [*ids, *twins])
            if onward.can_step_back(tx, one):
                journal.move(tx, twins or ids, arguments.via[-1].mailbox)
                onward.remember(tx, one, twins)
            else:
                journal.move(tx, twins or ids, arguments.source)
        case "copy":
            journal.expunge(tx, twins, label=f"Taken back: {one.label}")
        case "append":
            journal.expunge(tx, ids, label=f"Taken back: {one.label}")
        case _:
            raise _too_late()


def _forgive(tx: Transaction, placement_ids: Sequence[PlacementId]) -> None:
    """Let messages that are to be deleted for good, and come back, not be deleted."""
    for one, rows in operation.open_about(tx, placement_ids):
        if one.kind == "expunge" and one.arguments.after is None and one.state != "running":
            operation.give_up(tx, rows)
            placement.show(tx, [row.placement_id for row in rows], shown=True)


def _same_before(
    arguments: Arguments, targets: Sequence[Target]
) -> dict[tuple[Flag, frozenset[str]], list[PlacementId]]:
    groups: dict[tuple[Flag, frozenset[str]], list[PlacementId]] = defaultdict(list)
    touched = Flag(arguments.add | arguments.remove)
    for target in targets:
        groups[target.before & touched, target.before_tags].append(target.placement_id)
    return groups


def _too_late() -> DoorError:
    return DoorError("This cannot be taken back any more.", code="no-undo")
