"""A layout that sets widgets side by side and goes on in the next line, as words do."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QMargins, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget, QWidgetItem
from shiboken6 import isValid

_DELETED_AT_ONCE = 16


class FlowLayout(QLayout):
    """Places widgets in lines, from the side where reading begins."""

    def __init__(self, parent: QWidget | None, *, spacing: int) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._leaving: deque[QWidget] = deque()
        # Measured since the last change, for Qt asks many times: heights by width, the least size,
        # and of each widget that is seen its size, its least size, and its most width if it grows.
        self._heights: dict[int, int] = {}
        self._least: QSize | None = None
        self._measures: list[tuple[QLayoutItem, QSize, QSize, int]] | None = None
        self.setContentsMargins(QMargins())
        self.setSpacing(spacing)

    def invalidate(self) -> None:
        """See QLayout: forget what was measured."""
        self._forget()
        super().invalidate()

    def _forget(self) -> None:
        self._heights = {}
        self._least = None
        self._measures = None

    def clear(self) -> None:
        """Remove every widget, and delete them by and by: of two hundred that takes two frames."""
        items, self._items = self._items, []
        self.invalidate()
        for item in items:
            if (widget := item.widget()) is not None:
                widget.hide()
                self._leaving.append(widget)
        self._delete_some()

    def _delete_some(self) -> None:
        for _ in range(min(_DELETED_AT_ONCE, len(self._leaving))):
            widget = self._leaving.popleft()
            if isValid(widget):  # else its parent has taken it along
                widget.deleteLater()
        if self._leaving:
            QTimer.singleShot(0, self, self._delete_some)

    def insert_widget(self, at: int, widget: QWidget) -> None:
        """Place a widget before the one that is at a position."""
        self.addChildWidget(widget)
        self._items.insert(at, QWidgetItem(widget))
        self.invalidate()

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802 - Qt's name
        """See QLayout."""
        self._items.append(item)
        self.invalidate()

    def count(self) -> int:
        """See QLayout."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - None ends Qt's loop
        """See QLayout."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802 - None ends Qt's loop
        """See QLayout."""
        if not 0 <= index < len(self._items):
            return None
        self._forget()
        return self._items.pop(index)

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802 - Qt's name
        """See QLayout."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """See QLayout."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """See QLayout."""
        if width not in self._heights:
            margins = self.contentsMargins()
            inner = QRect(0, 0, width, 0).marginsRemoved(margins)
            height = self._place(inner, move=False) + margins.top() + margins.bottom()
            self._heights[width] = height
        return self._heights[width]

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802 - Qt's name
        """See QLayout."""
        super().setGeometry(rect)
        self._place(rect.marginsRemoved(self.contentsMargins()), move=True)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """See QLayout."""
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802 - Qt's name
        """See QLayout."""
        if self._least is None:
            size = QSize()
            for _, _, least, _ in self._measured():
                size = size.expandedTo(least)
            self._least = size.grownBy(self.contentsMargins())
        return self._least

    def _place(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inner = rect.marginsRemoved(margins)
        x, y = 0, inner.top()
        line: list[tuple[QLayoutItem, int, QSize]] = []
        for item, wanted, least, most in self._measured():
            if most > inner.width():  # takes the rest of its line
                left = inner.width() - x
                width = left if left >= least.width() else inner.width()
                is_full = left < least.width()
            else:
                width = min(wanted.width(), max(inner.width(), least.width()))
                is_full = x + width > inner.width()
            size = QSize(width, wanted.height())
            if line and is_full:
                y += self._set_line(line, inner, y, move=move) + self.spacing()
                x, line = 0, []
            line.append((item, x, size))
            x += size.width() + self.spacing()
        y += self._set_line(line, inner, y, move=move)
        return y - rect.top() + margins.bottom()

    def _measured(self) -> list[tuple[QLayoutItem, QSize, QSize, int]]:
        if self._measures is None:
            horizontal = Qt.Orientation.Horizontal
            self._measures = [
                (
                    item, item.sizeHint(), item.minimumSize(),
                    item.maximumSize().width() if item.expandingDirections() & horizontal else 0,
                )
                for item in self._items
                if not item.isEmpty()  # hidden
            ]  # fmt: skip
        return self._measures

    def _set_line(
        self, line: list[tuple[QLayoutItem, int, QSize]], inner: QRect, y: int, *, move: bool
    ) -> int:
        """Place the widgets of one line, each in the middle of its height, which is returned."""
        height = max((size.height() for _, _, size in line), default=0)
        widget = self.parentWidget()
        mirrored = widget is not None and widget.isRightToLeft()
        for item, x, size in line if move else ():
            left = inner.right() - x - size.width() + 1 if mirrored else inner.left() + x
            top = y + (height - size.height()) // 2
            item.setGeometry(QRect(QPoint(left, top), size))
        return height
