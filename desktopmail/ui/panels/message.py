"""A message in a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from desktopmail.ui.commands.answering import answer_letter
from desktopmail.ui.commands.edit_draft import edit
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.language import tr
from desktopmail.ui.reading.marking import serve_marks
from desktopmail.ui.reading.pane import ReadingPane
from desktopmail.ui.reading.saving import AttachmentSaver

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.window import MainWindow


class MessageWindow(QWidget):
    """Shows one message, and answers it.

    Args:
        window: The main window.
        row: Where it is in the store; None for one that is enclosed in another.
        letter: The message.
        account_id: The account it came to; None: that of `row`.
    """

    def __init__(
        self,
        window: MainWindow,
        row: MessageRow | None,
        letter: Letter,
        *,
        account_id: AccountId | None = None,
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(letter.subject or tr("list.no_subject"))
        self._window = window
        self._row = row
        self._account_id = row.account_id if row is not None else account_id
        self.reading = ReadingPane(
            window.theme,
            window.reader,
            window.privacy,
            web=window.uses_web,
            fetch_image=window.fetch_image,
            parent=self,
        )
        self.reading.show_letter(letter, row)
        self.reading.link_clicked.connect(window.open_link)
        self.reading.leave_wanted.connect(window.leave_list)
        self.reading.receipt_answered.connect(window.answer_receipt)
        self.reading.list_reply_wanted.connect(lambda: self.answer("reply_list"))
        self.reading.edit_wanted.connect(self._edit)
        serve_marks(window, self.reading)
        self._saver = AttachmentSaver(self, window)
        self._saver.serve(self.reading)
        bar = QFrame(self)
        bar.setObjectName("toolbar")
        line = QHBoxLayout(bar)
        line.setContentsMargins(10, 6, 10, 6)
        line.setSpacing(2)
        for name in ("reply", "reply_all", "forward"):
            verb = find_verb(name)
            button = QToolButton(bar)
            button.setToolTip(verb.title)
            button.setAccessibleName(verb.title)
            window.theme.grow(button, 20)
            window.theme.tint(button, verb.icon)
            button.clicked.connect(lambda _checked=False, way=name: self.answer(way))
            for key in verb.keys:
                QShortcut(QKeySequence(key), self).activated.connect(button.click)
            line.addWidget(button)
        line.addStretch(1)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(bar)
        lines.addWidget(self.reading, 1)
        for key in ("Escape", "Ctrl+W"):
            QShortcut(QKeySequence(key), self).activated.connect(self.close)
        self.resize(window.theme.room(780, 680))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Fetch no more."""
        self._window.scope.spawn(self.reading.aclose(), name=tr("verb.open_window"))
        super().closeEvent(event)

    def _edit(self) -> None:
        """Go on with the draft in the window it is written in, in place of this one."""
        if self._row is not None and self.reading.letter is not None:
            edit(self._window, self._row, self.reading.letter)
            self.close()

    def answer(self, way: str) -> None:
        """Open a window with an answer."""
        letter = self.reading.letter
        if letter is None:
            return
        work = answer_letter(
            self._window,
            letter,
            way,
            account_id=self._account_id,
            placement_id=self._row.id if self._row is not None else None,
        )
        self._window.scope.spawn(work, name=tr(f"verb.{way}"))
