"""A label of one line that shortens its text with an ellipsis instead of widening its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktopmail.ui.isolates import without_controls
from desktopmail.ui.label import Label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

_LEFT_TO_RIGHT_MARK = "\u200e"


def left_to_right(name: str) -> str:
    """The name of a file as it is shown: what it ends with stands at the right in every script."""
    return name if name.isascii() else f"{_LEFT_TO_RIGHT_MARK}{name}"


class ElidedLabel(Label):
    """Shows as much of a text as fits; the whole of it is the tool tip and the accessible name."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._full = self._short = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_full_text(text)

    @property
    def full_text(self) -> str:
        """The whole text."""
        return self._full

    def set_full_text(self, text: str, short: str = "") -> None:
        """Show another text; where it has no room, `short` in its place."""
        self._full, self._short = text, short
        self.setAccessibleName(without_controls(text))
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as the whole text."""
        width = self.fontMetrics().horizontalAdvance(self._full) + 4
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Any width will do."""
        return QSize(30, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Fit the text into the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        metrics, width = self.fontMetrics(), max(self.width(), 0)
        text = self._full
        if self._short and metrics.horizontalAdvance(text) > width:
            text = self._short
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        if shown != self.text():
            self.setText(shown)
            self.setToolTip(self._full if shown != self._full else "")
