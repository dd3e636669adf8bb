"""A form that scrolls where it is higher than its window: with large letters, on a small screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent, QShowEvent
    from PySide6.QtWidgets import QLayout

_SIDE = 24


class FormArea(QScrollArea):
    """Holds the layout of a form, as wide as itself."""

    def __init__(self, form: QLayout, parent: QWidget) -> None:
        super().__init__(parent)
        host = QWidget(self)
        self._lines = QVBoxLayout(host)
        self._lines.setContentsMargins(_SIDE, 0, _SIDE, 0)
        self._lines.addLayout(form)
        self._lines.addStretch(1)
        self.setWidget(host)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        host.installEventFilter(self)
        self._host = host
        self._of_window = QSize()

    def least_width(self) -> int:
        """The width below which something of the form would be cut."""
        return self._lines.minimumSize().width() + self.verticalScrollBar().sizeHint().width()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As large as nothing scrolls."""
        width = max(self.least_width(), self.width())
        return QSize(width, self._wanted_height(width))

    def show_focused(self) -> None:
        """Scroll to where something is to be typed, once the dialogue is laid out as it is now."""
        QTimer.singleShot(0, self, self._show_focused)

    def _show_focused(self) -> None:
        focused = self.window().focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.ensureWidgetVisible(focused)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """The form says more than before: its window gives it the room, where the screen has it."""
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._grow()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Give the form this width and no more; what stands below may have taken height."""
        super().resizeEvent(event)
        self._host.setMaximumWidth(self.viewport().width())  # else it scrolls sideways, unasked
        size = self.window().size()
        if size == self._of_window and event.size().height() < event.oldSize().height():
            QTimer.singleShot(0, self, self._grow)
        self._of_window = size

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """Only now its width is known, and how many lines sentences take."""
        super().showEvent(event)
        self._grow()

    def _wanted_height(self, width: int) -> int:
        if self._lines.hasHeightForWidth():
            return self._lines.heightForWidth(width)
        return self._lines.sizeHint().height()

    def _grow(self) -> None:
        # Beside a scroll bar sentences take more lines; reckoned without it, it would stay.
        missing = self._wanted_height(self.viewport().width()) - self.height()
        top, screen = self.window(), self.screen()
        room = screen.availableGeometry().height() - top.frameGeometry().height()
        if missing > 0 and room > 0:
            top.resize(top.width(), top.height() + min(missing, room))
