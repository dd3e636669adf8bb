"""A card: a picture, what there is, what is to be said about it, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.label import Label
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QResizeEvent

    from desktopmail.ui.theme.theme import Theme

_ICON = 20
_TEXT_WIDTH = 200  # what is said has that much beside what is offered


class Card(QFrame):
    """Stands in a column of its like.

    Args:
        theme: Colours.
        kind: How it looks: "card" stays quiet, "warning" asks for something, "danger" is wrong.
        icon: The name of the picture, and the token of its colour.
        title: What it is about. A quiet card has one line for it, others as many as it needs.
        text: What is to be said about it; empty: nothing.
    """

    def __init__(
        self,
        theme: Theme,
        kind: str,
        icon: tuple[str, str],
        title: str,
        text: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", kind)
        stop = "" if title.endswith((".", "?", "!")) else "."
        self.setAccessibleName(f"{title}{stop} {text}".strip() if text else title)
        picture = QLabel(self)
        theme.depict(picture, *icon, _ICON)
        self._texts = QVBoxLayout()
        self._texts.setSpacing(1)
        if kind == "card":
            self._texts.addWidget(ElidedLabel(title, self))
        else:
            self._say(title).setProperty("kind", "heading")
        if text:
            words = self._say(text)
            if kind == "card":
                words.setProperty("kind", "small")
        self._row = QHBoxLayout(self)
        set_margins(self._row, 14, 9, 10, 9)
        self._row.setSpacing(12)
        beside = Qt.AlignmentFlag(0) if kind == "card" else Qt.AlignmentFlag.AlignTop
        self._row.addWidget(picture, 0, beside)
        self._row.addLayout(self._texts, 1)
        self._offers: QWidget | None = None
        self._is_narrow = False
        self._room = theme.px(_TEXT_WIDTH)
        self._choices: FlowLayout | None = None

    def offer(self, title: str, do: Callable[[], object]) -> None:
        """Offer to do something, at the end of the card, or below where there is no room beside."""
        if self._offers is None:
            self._offers = QWidget(self)
            side_by_side = QHBoxLayout(self._offers)
            side_by_side.setContentsMargins(0, 0, 0, 0)
            side_by_side.setSpacing(4)
            self._row.addWidget(self._offers)
        button = QPushButton(title, self._offers)
        button.setProperty("kind", "link")
        button.clicked.connect(lambda: do())
        if (line := self._offers.layout()) is not None:
            line.addWidget(button)
        self._arrange()

    def offer_choice(self, title: str, do: Callable[[], object]) -> None:
        """Offer one of several answers, below: as many lines as a narrow window needs."""
        if self._choices is None:
            host = QWidget(self)
            self._choices = FlowLayout(host, spacing=8)
            self._texts.addSpacing(6)
            self._texts.addWidget(host)
        button = QPushButton(title, self)
        button.clicked.connect(lambda: do())
        self._choices.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Put what is offered where there is room for it."""
        super().resizeEvent(event)
        self._arrange()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As narrow as one likes: what stands side by side then stands in lines."""
        return QSize(self._room, super().minimumSizeHint().height())

    def _arrange(self) -> None:
        if self._offers is None:
            return
        around = _ICON + 60
        is_narrow = self.width() < self._room + self._offers.sizeHint().width() + around
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        if is_narrow:
            self._texts.addWidget(self._offers, 0, Qt.AlignmentFlag.AlignLeading)
        else:
            self._row.addWidget(self._offers)

    def _say(self, text: str) -> QLabel:
        label = Label(text, self)
        label.setWordWrap(True)
        self._texts.addWidget(label)
        return label
