"""A message in a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from desktopmail.ui.commands.answering import identity, make_answer
from desktopmail.ui.commands.registry import find_verb
from desktopmail.ui.language import tr
from desktopmail.ui.reading.pane import ReadingPane
from desktopmail.ui.reading.saving import AttachmentSaver

if TYPE_CHECKING:
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.window import MainWindow


class MessageWindow(QWidget):
    """Shows one message, and answers it."""

    def __init__(self, window: MainWindow, row: MessageRow, letter: Letter) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(letter.subject or tr("list.no_subject"))
        self._window = window
        self._row = row
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
        self._saver = AttachmentSaver(self, window.scope, window.say)
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
            button.setIconSize(QSize(20, 20))
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
        self.resize(QSize(780, 680))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Fetch no more."""
        self._window.scope.spawn(self.reading.aclose(), name=tr("verb.open_window"))
        super().closeEvent(event)

    def answer(self, way: str) -> None:
        """Open a window with an answer."""
        letter = self.reading.letter
        accounts = [it for it in self._window.accounts() if it.id == self._row.account_id]
        if letter is None:
            return
        own = [identity(it) for it in accounts]
        draft = make_answer(letter.message, way, own=own, date_s=letter.date_s)
        self._window.compose(
            draft,
            account=accounts[0] if accounts else None,
            answers=self._row.id,
            forwards=way == "forward",
        )
