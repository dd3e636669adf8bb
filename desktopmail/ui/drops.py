"""What the mouse does without a menu: messages and mailboxes dropped on one, stars pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktopmail.door.commands import (
    AnyCommand,
    CopyMessages,
    MoveMessages,
    RenameMailbox,
    StoreFlags,
)
from desktopmail.door.rows import Flag
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.ids import MailboxId, PlacementId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.window import MainWindow


class Drops(QObject):
    """Makes commands of it."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        window.tree_model.dropped.connect(self._messages)
        window.tree_model.mailbox_dropped.connect(self._mailbox)
        window.list_pane.list.star_clicked.connect(self._star)

    def _messages(self, ids: Sequence[PlacementId], mailbox_id: MailboxId, copy: bool) -> None:
        name = self._window.mailbox_name(mailbox_id)
        placements = tuple(ids)
        command: AnyCommand
        if copy:
            command = CopyMessages(placement_ids=placements, mailbox_id=mailbox_id)
        else:
            command = MoveMessages(placement_ids=placements, mailbox_id=mailbox_id)
        done = trn("done.copied" if copy else "done.moved", len(placements), mailbox=name)
        self._window.scope.spawn(self._window.carry_out(command, done), name=done)

    def _mailbox(self, mailbox_id: MailboxId, path: str) -> None:
        done = tr("mailbox.moved", name=self._window.mailbox_name(mailbox_id), path=path)
        command = RenameMailbox(mailbox_id=mailbox_id, path=path)
        self._window.scope.spawn(self._window.carry_out(command, done), name=done)

    def _star(self, row: MessageRow) -> None:
        if row.flags & Flag.FLAGGED:
            command = StoreFlags(placement_ids=(row.id,), remove=Flag.FLAGGED)
        else:
            command = StoreFlags(placement_ids=(row.id,), add=Flag.FLAGGED)
        self._window.scope.spawn(self._window.carry_out(command), name=tr("verb.star"))
