"""A sentence that goes on in the next line, for forms and dialogues."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktopmail.ui.label import Label

_LEAST_WIDTH = 60


class WrappedLabel(Label):
    """Takes the width there is, and the height that its lines need in it.

    A bare label prefers a width: a form does not widen it, and lays the next row over its end.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A word that is longer than its window, such as a Message-ID, does not widen it."""
        least = super().minimumSizeHint()
        return QSize(min(least.width(), _LEAST_WIDTH), least.height())
