"""A form that scrolls where it is higher than its window: with large letters, on a small screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

if TYPE_CHECKING:
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

    def least_width(self) -> int:
        """The width below which something of the form would be cut."""
        return self._lines.minimumSize().width()

    def wanted_height(self) -> int:
        """The height at which nothing scrolls."""
        return self._lines.sizeHint().height()
