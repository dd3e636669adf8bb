"""A sentence that goes on in the next line, for forms and dialogues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QTextDocument, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from desktopmail.ui.label import Label

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_LEAST_WIDTH = 60
_WRAPPED = QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere


class WrappedLabel(Label):
    """Takes the width there is, and the height that its lines need in it.

    A bare label prefers a width: a form does not widen it, and lays the next row over its end. Of
    what can be selected, a word that is longer than a line, such as a Message-ID, goes on in the
    next one, too.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A word that is longer than its window does not widen it."""
        least = super().minimumSizeHint()
        return QSize(min(least.width(), _LEAST_WIDTH), least.height())

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """The height of the lines, those that long words are broken into among them."""
        self._break_long_words()
        return super().heightForWidth(width)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw the lines."""
        self._break_long_words()
        super().paintEvent(event)

    def _break_long_words(self) -> None:
        document = self.findChild(QTextDocument)  # a label has one whose text can be selected
        if not isinstance(document, QTextDocument):
            return
        # Qt asks for lines of whole words each time that text, font or width changed; when it was
        # asked for a height, it has done so.
        super().heightForWidth(self.width())
        option = document.defaultTextOption()
        if option.wrapMode() is not _WRAPPED:
            option.setWrapMode(_WRAPPED)
            document.setDefaultTextOption(option)
