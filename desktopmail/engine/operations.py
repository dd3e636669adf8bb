"""Operations of the journal that failed: tried again, or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.engine import undo
from desktopmail.engine.store import operation, placement

if TYPE_CHECKING:
    from desktopmail.door.ids import OperationId
    from desktopmail.engine.store.operation import Operation
    from desktopmail.engine.store.store import Transaction


def retry(tx: Transaction, operation_id: OperationId) -> Outcome:
    """Have an operation tried again.

    Raises:
        DoorError: It is done, or was given up.
    """
    one = _open(tx, operation_id)
    if one.state != "running":  # that is tried anyway
        _show_again(tx, one)
        operation.set_state(tx, operation_id, "pending")
    return Outcome()


def _show_again(tx: Transaction, one: Operation) -> None:
    """Show messages where they are to go, where that ended when the server did not do it."""
    target = one.arguments.target
    if one.kind not in {"move", "copy"} or target is None:
        return
    if not tx.fetch("SELECT 1 FROM mailbox WHERE id = ?", (target,)):
        return
    rows = [row for row in operation.targets(tx, one.id) if not row.done and row.twin is None]
    operation.set_twins(tx, {row: placement.copy(tx, row.placement_id, target) for row in rows})
    if one.kind == "move":
        placement.show(tx, [row.placement_id for row in rows], shown=False)


def discard(tx: Transaction, operation_id: OperationId) -> Outcome:
    """Give an operation up; what is seen here goes back to what the server says.

    Raises:
        DoorError: It is done, or was given up already.
    """
    one = _open(tx, operation_id)
    undo.revert(tx, one)
    return Outcome(label=f"Given up: {one.label}")


def _open(tx: Transaction, operation_id: OperationId) -> Operation:
    one = operation.get(tx, operation_id)
    if one is None or one.state == "done":
        raise DoorError("This operation is not there any more.", code="no-operation")
    return one
