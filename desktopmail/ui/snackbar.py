"""A small bar over the window's lower edge: what was just done, and the way to take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from desktopmail.ui.label import Label
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from collections.abc import Callable

_SHOWN_MS = 8_000


class SnackBar(QFrame):
    """Floats over its parent; a new sentence takes the place of the last."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("snackBar")
        self._label = Label("", self)
        self._button = QPushButton(self)
        self._button.clicked.connect(self._act)
        self._action: Callable[[], object] | None = None
        self._row = row = QHBoxLayout(self)
        set_margins(row, 16, 6, 8, 6)
        row.setSpacing(14)
        row.addWidget(self._label)
        row.addWidget(self._button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self._count = QTimer(self)
        self._count.setInterval(1_000)
        self._count.timeout.connect(self._tick)
        self._left = 0
        self._counting: Callable[[int], str] | None = None
        self._host = parent
        parent.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """What it says, or nothing while it is hidden."""
        return self._label.text() if self.isVisibleTo(self._host) else ""

    def show_text(
        self,
        text: str,
        button: str = "",
        action: Callable[[], object] | None = None,
        *,
        shown_ms: int = _SHOWN_MS,
    ) -> None:
        """Show a sentence, with one thing to do about it."""
        self._count.stop()
        self._present(text, button, action)
        self._timer.start(shown_ms)

    def count_down(
        self, seconds: int, text: Callable[[int], str], button: str, action: Callable[[], object]
    ) -> None:
        """Show a sentence with the seconds left until something happens."""
        self._timer.stop()
        self._left = seconds
        self._counting = text
        self._present(text(seconds), button, action)
        self._count.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Stay in place when the parent changes its size."""
        if event.type() == QEvent.Type.Resize and watched is self._host:
            self._place()
        return False

    def _present(self, text: str, button: str, action: Callable[[], object] | None) -> None:
        self._label.setText(text)
        self.setAccessibleName(text)
        self._button.setText(button)
        self._button.setVisible(bool(button))
        set_margins(self._row, 16, 6, 8 if button else 16, 6)
        self._action = action
        self.show()
        self._place()
        self.raise_()

    def _tick(self) -> None:
        self._left -= 1
        if self._left <= 0 or self._counting is None:
            self._count.stop()
            self.hide()
            return
        self._label.setText(self._counting(self._left))
        self._place()

    def _act(self) -> None:
        self._count.stop()
        self._timer.stop()
        self.hide()
        if self._action is not None:
            self._action()

    def _place(self) -> None:
        parent = self._host
        self.adjustSize()
        width = min(self.width(), parent.width() - 32)
        self.resize(width, max(self.height(), 38))
        self.move((parent.width() - width) // 2, parent.height() - self.height() - 44)
