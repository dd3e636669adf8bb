"""Going from message to message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.commands.desk import Desk


def go(desk: Desk, step: int) -> None:
    """Select the message `step` rows further."""
    message_list = desk.list_pane.list
    index = message_list.currentIndex()
    message_list.go_to(index.row() + step if index.isValid() else 0)


def go_to_unread(desk: Desk) -> bool:
    """Select the next unread message, from the top again after the last; False without one."""
    message_list = desk.list_pane.list
    view = msgspec.structs.replace(desk.list_pane.view, unread_only=True)
    index = message_list.currentIndex()
    here = index.row() if index.isValid() else -1
    first: int | None = None
    # The unread rows in their order, a page at a time: the first one below the cursor is it.
    offset = 0
    while page := desk.reader.window(view, offset, 50):
        for message in page:
            row = _row_of(desk, message)
            if row is None:
                continue
            if row > here:
                message_list.go_to(row)
                return True
            if first is None:
                first = row
        offset += len(page)
    if first is None or first == here:
        return False
    message_list.go_to(first)
    return True


def _row_of(desk: Desk, message: MessageRow) -> int | None:
    """The row of a message, or the one that stands for its conversation."""
    view = desk.list_pane.view
    row = desk.reader.position(view, message.id)
    if row is None and view.threads:
        newest = desk.reader.of_threads(view, (message.thread_id,))[:1]
        row = desk.reader.position(view, newest[0].id) if newest else None
    return row
