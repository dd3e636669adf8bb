"""Cards in a column that scrolls, made anew when what they tell changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from desktopmail.ui.emptied import empty
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.ui.bridge import Bridge

_LET_GO_MS = 200

T = TypeVar("T")


class LiveCards(QScrollArea, Generic[T]):
    """Follows the store; a button that is being pressed stays until it is let go.

    Args:
        bridge: Says when something changed.
        read: Reads what the cards tell.
        make: The widgets for what was read, children of the one it is handed.
        parent: Where they stand.
    """

    def __init__(
        self,
        bridge: Bridge,
        read: Callable[[], T],
        make: Callable[[T, QWidget], Sequence[QWidget]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._read = read
        self._make = make
        self._told: T | None = None
        self._host = QWidget(self)
        self._lines = QVBoxLayout(self._host)
        set_margins(self._lines, 20, 14, 20, 20)
        self._lines.setSpacing(8)
        self.setWidget(self._host)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LET_GO_MS)
        self._later.timeout.connect(self.refresh)
        bridge.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now."""
        told = self._read()
        if told == self._told:
            return
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._later.start()
            return
        self._told = told
        empty(self._lines)
        for widget in self._make(told, self._host):
            self._lines.addWidget(widget)
        self._lines.addStretch(1)
