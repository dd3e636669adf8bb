"""A sentence that somebody agrees to, on as many lines as it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent


class Consent(QWidget):
    """A check box whose words wrap: those of Qt's own would widen the form they stand in."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QCheckBox(self)
        self._box.setAccessibleName(text)
        self._box.setProperty("kind", "bare")  # its words stand beside it
        words = WrappedLabel(text, self)
        words.setBuddy(self._box)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._box, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        self.setFocusProxy(self._box)

    @property
    def is_given(self) -> bool:
        """Whether somebody agreed, to what can be seen."""
        return self._box.isChecked() and not self.isHidden()

    def give(self) -> None:
        """Agree."""
        self._box.setChecked(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click on the words is one on the box."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self._box.click()
