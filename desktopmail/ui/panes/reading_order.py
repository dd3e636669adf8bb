"""Drawing in the order of reading: from the left, or mirrored in a window read from the right.

Rows line up by the direction of the window; each text keeps the direction of its own script, so
that “Walk on Sunday?” ends with its question mark in a Hebrew window, too. Isolated names in a row
follow one another in the direction of the window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt

from desktopmail.ui.isolates import begins_isolated

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter


def place(rect: QRect, whole: QRect, *, mirrored: bool) -> QRect:
    """Where a rectangle goes that was laid out from the left of `whole`."""
    if not mirrored:
        return rect
    left = whole.left() + whole.right() - rect.right()
    return QRect(left, rect.top(), rect.width(), rect.height())


def trim(rect: QRect, used: int, *, mirrored: bool) -> QRect:
    """The rectangle without what is used at its end."""
    return rect.adjusted(used, 0, 0, 0) if mirrored else rect.adjusted(0, 0, -used, 0)


def end_box(rect: QRect, width: int, height: int, *, mirrored: bool) -> QRect:
    """A box at the end of a line, in its middle."""
    left = rect.left() if mirrored else rect.right() - width + 1
    return QRect(left, rect.center().y() - height // 2, width, height)


def draw_text(
    painter: QPainter, rect: QRect, text: str, *, mirrored: bool, at_end: bool = False
) -> str:
    """Draw a text on one line, elided where there is no room; returns what was drawn."""
    is_right = mirrored is not at_end
    side = Qt.AlignmentFlag.AlignRight if is_right else Qt.AlignmentFlag.AlignLeft
    flags = side | Qt.AlignmentFlag.AlignAbsolute | Qt.AlignmentFlag.AlignVCenter
    shown = painter.fontMetrics().elidedText(
        text, Qt.TextElideMode.ElideRight, max(rect.width(), 0)
    )
    direction = painter.layoutDirection()
    painter.setLayoutDirection(_direction(text, mirrored=mirrored))
    painter.drawText(rect, int(flags | Qt.TextFlag.TextSingleLine), shown)
    painter.setLayoutDirection(direction)
    return shown


def _direction(text: str, *, mirrored: bool) -> Qt.LayoutDirection:
    if not begins_isolated(text):
        return Qt.LayoutDirection.LayoutDirectionAuto
    return Qt.LayoutDirection.RightToLeft if mirrored else Qt.LayoutDirection.LeftToRight
