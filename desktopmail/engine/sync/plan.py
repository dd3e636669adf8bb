"""In which groups the journal is told: alike changes together, where their order cannot be seen.

Days offline leave tens of thousands of operations: read this, file that, message after message.
Told one by one they would take hours. Operations of one kind from one mailbox are told as one, with
ranges of UIDs, even if others stand between them: unless those are about the same messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from desktopmail.door.ids import MailboxId, OperationId, PlacementId
    from desktopmail.engine.store.operation import Operation

_GROUPED = frozenset({"flags", "move", "copy", "expunge"})
_OF_MESSAGES = _GROUPED | {"append"}


def due(
    operations: Iterable[Operation],
    touched: Mapping[OperationId, frozenset[PlacementId]],
    now_s: float,
) -> list[Operation]:
    """Those that need not wait: neither put off themselves, nor behind one that they build on.

    Args:
        operations: Oldest first.
        touched: The placements that each is about, those that it made among them.
        now_s: The time.
    """
    ready: list[Operation] = []
    messages: set[PlacementId] = set()
    boxes: set[MailboxId | None] = set()
    for one in operations:
        about = touched.get(one.id, frozenset())
        where = {one.arguments.source, one.arguments.target} - {None}
        if one.is_put_off(now_s) or about & messages or where & boxes:
            messages |= about
            if one.kind not in _OF_MESSAGES:
                boxes |= where
        else:
            ready.append(one)
    return ready


class Plan:
    """What an account has still to tell its server.

    Args:
        operations: Oldest first.
        touched: The placements that each is about, those that it made among them.
    """

    def __init__(
        self,
        operations: Iterable[Operation],
        touched: Mapping[OperationId, frozenset[PlacementId]],
    ) -> None:
        self._left = {one.id: one for one in operations}
        self._touched = touched

    def next(self) -> list[Operation]:
        """The operations that are told next, together; empty when nothing is left.

        What is returned is off the plan, told or not.
        """
        if not self._left:
            return []
        first = next(iter(self._left.values()))
        group = self._like(first) if first.kind in _GROUPED else [first]
        for one in group:
            del self._left[one.id]
        return group

    def _like(self, first: Operation) -> list[Operation]:
        group: list[Operation] = []
        passed: set[PlacementId] = set()
        wanted = _key(first)
        for one in self._left.values():
            if one.kind not in _GROUPED:
                break  # what is done to mailboxes, or put into them, keeps its place
            touched = self._touched.get(one.id, frozenset())
            is_like = _key(one) == wanted and passed.isdisjoint(touched)
            if is_like:
                group.append(one)
            if not is_like or first.kind == "copy":  # a second copy of a message is another one
                passed |= touched
        return group


def _key(one: Operation) -> tuple[object, ...]:
    arguments = one.arguments
    waits = arguments.after if one.kind == "expunge" else None
    return (one.kind, arguments.source, arguments.target, one.state == "running", waits)
