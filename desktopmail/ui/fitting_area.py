"""A scroll area that is as high as what it holds, up to a bound: only then it scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

_LEAST = 20
_LEAST_LINES = 4


class FittingArea(QScrollArea):
    """Holds one widget with a layout, as wide as itself.

    Args:
        bound: How high it may become, in points; asked each time something changes.
        parent: Where it stands.
    """

    def __init__(self, bound: Callable[[], int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bound = bound
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # but what it holds can have it
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._wanted = _LEAST

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as it is wanted; where its window has less, it gets less and scrolls."""
        return QSize(super().sizeHint().width(), self._wanted)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A few lines of it."""
        return QSize(_LEAST, min(self._wanted, self.fontMetrics().height() * _LEAST_LINES))

    def hold(self, host: QWidget) -> None:
        """Show a widget in place of the one before, which goes."""
        self.setWidget(host)
        host.installEventFilter(self)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width takes another height."""
        super().resizeEvent(event)
        self.fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """What it holds comes by and by."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.fit()
        return super().eventFilter(watched, event)

    def fit(self) -> None:
        """Take the height that is needed."""
        host = self.widget()
        lines = host.layout() if host is not None else None
        if host is None or lines is None:
            return
        # Measured as wide as it is without a scroll bar: one that came while this is still too low
        # would make it narrower, and so what it holds higher.
        if lines.hasHeightForWidth():
            needed = lines.heightForWidth(max(self.width(), 100))
        else:
            needed = lines.sizeHint().height()
        bound = self._bound()
        scrolls = needed > bound or self.height() < self._wanted
        policy = Qt.ScrollBarPolicy
        self.setVerticalScrollBarPolicy(
            policy.ScrollBarAsNeeded if scrolls else policy.ScrollBarAlwaysOff
        )
        host.setMaximumWidth(self.viewport().width())  # else it would scroll sideways, unasked
        wanted = max(min(needed, bound), _LEAST)
        if wanted != self._wanted:
            self._wanted = wanted
            self.setMaximumHeight(wanted)
            self.updateGeometry()
