"""A line between header and body that says something about the message, with one thing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QWidget,
)

from desktopmail.ui.margins import set_margins
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QResizeEvent

    from desktopmail.ui.theme.theme import Theme

_LEAST_WIDTH = 150


class NoticeBar(QFrame):
    """One sentence and its buttons.

    Args:
        theme: Colours.
        icon: What it is about at a glance.
        kind: How loud it is: "quiet", "notice", "warning" or "danger".
        text: The sentence.
        actions: Labels and what they do, in order.
    """

    def __init__(
        self,
        theme: Theme,
        icon: str,
        kind: str,
        text: str,
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", kind)
        self.setAccessibleName(text)
        token = {"warning": "warning", "danger": "danger"}.get(kind, "muted")
        picture = QLabel(self)
        theme.depict(picture, icon, token, 18)
        label = WrappedLabel(text, self)
        label.setMinimumWidth(120)
        words = QHBoxLayout()
        words.setSpacing(10)
        words.addWidget(picture)
        words.addWidget(label, 1)
        self._ways = buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        buttons.setSpacing(4)
        self.buttons: list[QPushButton] = []
        for title, act in actions:
            button = QPushButton(title, self)
            button.setProperty("kind", "link")
            button.clicked.connect(lambda _checked=False, act=act: act())
            buttons.addWidget(button)
            self.buttons.append(button)
        buttons.addStretch(1)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        set_margins(self._row, 12, 5, 8, 5)
        self._row.setSpacing(4)
        self._row.addLayout(words, 1)
        if actions:
            self._row.addLayout(buttons)
        metrics = self.fontMetrics()
        padding = 20 if kind == "quiet" else 44
        for_buttons = sum(metrics.horizontalAdvance(title) + padding for title, _ in actions)
        self._wanted = metrics.horizontalAdvance(text) + theme.px(18) + 42 + for_buttons
        self._wanted_by_buttons = for_buttons + 20
        self.setMinimumWidth(_LEAST_WIDTH)  # buttons go below each other before it is reached
        self.setMinimumHeight(theme.px(24 if kind == "quiet" else 34))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put buttons below the sentence, and below each other, where they do not fit beside it."""
        super().resizeEvent(event)
        below, beside = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        width = self.width()
        self._row.setDirection(below if width < self._wanted else beside)
        self._ways.setDirection(below if width < self._wanted_by_buttons else beside)
