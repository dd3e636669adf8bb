"""A card for a file: its picture, its name and its size; what came, and what is to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOption,
    QVBoxLayout,
)

from desktopmail.ui.dates import size_text
from desktopmail.ui.elided import ElidedLabel, left_to_right
from desktopmail.ui.label import Label, leading

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent, QPixmap
    from PySide6.QtWidgets import QWidget

PICTURE = 28
_LEAST, _MOST = 17, 32  # letters


class FileCard(QAbstractButton):
    """One file; a button for who listens.

    Args:
        name: As it will be called on the disk.
        media_type: What it says it is.
        size_octets: How large it is.
        picture: `PICTURE` points wide, or an icon as wide as its letters want it.
        parent: Where it stands.
    """

    def __init__(
        self, name: str, media_type: str, size_octets: int, picture: QPixmap, parent: QWidget
    ) -> None:
        super().__init__(parent)
        size = size_text(size_octets)
        self.setProperty("kind", "attachment")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{name}, {size}")
        self.setToolTip(f"{name}\n{media_type}, {size}")
        image = QLabel(self)
        image.setPixmap(picture)
        width = max(picture.deviceIndependentSize().toSize().width(), PICTURE)
        image.setFixedWidth(width)
        image.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = ElidedLabel(left_to_right(name), self)
        details = Label(size, self)
        details.setProperty("kind", "small")
        details.setAlignment(leading(self))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(title)
        texts.addWidget(details)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(8, 5, 8, 5)
        self.row.setSpacing(8)
        self.row.addWidget(image)
        self.row.addLayout(texts, 1)
        letter = self.fontMetrics().averageCharWidth()
        self._most = _MOST * letter
        wanted = title.sizeHint().width() + width + 30
        self._wanted = min(max(wanted, _LEAST * letter), self._most)

    def add_button(self, button: QWidget) -> None:
        """Put a button at the end, and make room for it."""
        self.row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._wanted = min(self._wanted + button.sizeHint().width() + 8, self._most)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As wide as its name, within bounds; a narrow line shortens the name."""
        return QSize(self._wanted, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Draw the ground and the edge that the style sheet says."""
        option = QStyleOption()
        option.initFrom(self)
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        painter.end()
