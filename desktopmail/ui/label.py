"""A label whose words begin where reading begins in its window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QLabel, QWidget


def leading(widget: QWidget) -> Qt.AlignmentFlag:
    """The side where reading begins in a widget."""
    is_mirrored = widget.layoutDirection() is Qt.LayoutDirection.RightToLeft
    side = Qt.AlignmentFlag.AlignRight if is_mirrored else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignAbsolute


class Label(QLabel):
    """Shows plain words.

    Left to itself, a label of Qt aligns what it shows by its text: a number, or one name in Hebrew
    among others, then stands at the far side.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._align()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        """The window may be turned round."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LayoutDirectionChange:
            self._align()

    def _align(self) -> None:
        self.setAlignment(leading(self) | Qt.AlignmentFlag.AlignVCenter)
