"""A bar under the message to find words in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QToolButton, QWidget

from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from desktopmail.ui.theme.theme import Theme

_MOST_OF_IT = 20  # of the width there is goes to the field, as far as it needs it


class FindBar(QFrame):
    """Finds forwards with Enter, backwards with Shift+Enter; Escape closes.

    Signals:
        wanted: Words are to be found (words, whether backwards).
    """

    wanted = Signal(str, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusLine")
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(tr("find.words"))
        self.field.setAccessibleName(tr("find.words"))
        self.field.setMaximumWidth(theme.width(280))
        self.field.textChanged.connect(lambda text: self.wanted.emit(text, False))
        self._answer = Label("", self)
        row = QHBoxLayout(self)
        set_margins(row, 12, 5, 8, 5)
        row.setSpacing(6)
        row.addWidget(self.field, _MOST_OF_IT)
        for icon, key, backwards in (
            ("chevron-down", "find.next", False),
            ("chevron-up", "find.previous", True),
        ):
            button = self._button(theme, icon, tr(key))
            button.clicked.connect(
                lambda _checked=False, back=backwards: self.wanted.emit(self.field.text(), back)
            )
            row.addWidget(button)
        row.addWidget(self._answer)
        row.addStretch(1)
        close = self._button(theme, "close", tr("find.close"))
        close.clicked.connect(self.hide)
        row.addWidget(close)
        self.hide()

    def open(self) -> None:
        """Show the bar with the cursor in it."""
        self.show()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_found(self, found: bool) -> None:
        """Say whether the words are in the message."""
        nothing = bool(self.field.text()) and not found
        self._answer.setText(tr("find.nothing") if nothing else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter finds on, Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.wanted.emit(self.field.text(), back)
        else:
            super().keyPressEvent(event)

    def _button(self, theme: Theme, icon: str, name: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(name)
        button.setAccessibleName(name)
        theme.grow(button, 16)
        theme.tint(button, icon)
        return button
