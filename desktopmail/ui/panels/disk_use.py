"""How much room the mail takes, account by account, and the way to give some back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout

from desktopmail.door.commands import CompactStore
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import DiskUse, ReadDiskUse
from desktopmail.ui.dates import size_text
from desktopmail.ui.facts import FactTable
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.sentences import said_of

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


class DiskUseDialog(QDialog):
    """A row for each account, the sum on the disk, and what compacting would give back."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._gone = False
        self.setWindowTitle(tr("verb.disk_use").rstrip("…"))
        self.resize(window.theme.room(520, 380))
        self.table = FactTable(
            tr("verb.disk_use").rstrip("…"),
            [tr("disk.account"), tr("disk.messages"), tr("disk.size")],
            self,
            numbers=(1, 2),
        )
        self.words = Label("", self)
        self.words.setWordWrap(True)
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self.compact_button = QPushButton(tr("disk.compact"), self)
        self.compact_button.setAutoDefault(False)
        self.compact_button.setEnabled(False)
        self.compact_button.clicked.connect(
            lambda: window.scope.spawn(self._compact(), name=tr("disk.compact"))
        )
        done = QPushButton(tr("settings.done"), self)
        done.setDefault(True)
        done.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.compact_button)
        buttons.addStretch(1)
        buttons.addWidget(done)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(12)
        lines.addWidget(self.table, 1)
        lines.addWidget(self.words)
        lines.addWidget(self._busy)
        lines.addLayout(buttons)
        window.scope.spawn(self._look(), name=self.windowTitle())

    async def _look(self) -> None:
        """Ask the engine, and show what it says."""
        try:
            use = await self._window.door.query(ReadDiskUse())
        except DoorError as error:
            self._tell(said_of(error))
            return
        if isinstance(use, DiskUse) and not self._gone:
            self._show(use)

    def _show(self, use: DiskUse) -> None:
        titles = {account.id: account_title(account) for account in self._window.accounts()}
        self.table.fill(
            [
                (
                    each.account_id,
                    (
                        titles.get(each.account_id, ""),
                        QLocale().toString(each.messages),
                        size_text(each.octets),
                    ),
                )
                for each in use.accounts
            ],
            nothing=tr("disk.nothing"),
        )
        self._tell(
            tr(
                "disk.sum",
                contents=size_text(use.contents_octets),
                database=size_text(use.database_octets),
                free=size_text(use.free_octets),
            )
        )
        self.compact_button.setEnabled(use.free_octets > 0)

    async def _compact(self) -> None:
        self.compact_button.setEnabled(False)
        self._busy.show()
        try:
            await self._window.door.command(CompactStore())
        except DoorError as error:
            self._tell(said_of(error))
            return
        await self._look()

    def _tell(self, text: str) -> None:
        if not self._gone:
            self._busy.hide()
            self.words.setText(text)

    def done(self, result: int) -> None:
        """Touch nothing of it any more; what was begun goes on."""
        self._gone = True
        super().done(result)
