"""Above a conversation: the way back to the list that it was opened from."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins

_MOST_OF_A_NAME = 170  # what the narrowest list has room for


class ConversationBar(QFrame):
    """One button, which leads back.

    Signals:
        left: The list before is wanted again.
    """

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("conversationBar")
        self.back = QToolButton(self)
        self.back.setProperty("kind", "chip")
        self.back.clicked.connect(self.left)
        layout = QVBoxLayout(self)
        set_margins(layout, 12, 6, 8, 6)
        layout.addWidget(self.back, 0, Qt.AlignmentFlag.AlignLeading)

    def show_way_back(self, name: str) -> None:
        """Say what the button leads back to: the name of a mailbox, or of a search."""
        metrics, middle = self.back.fontMetrics(), Qt.TextElideMode.ElideMiddle
        shown = metrics.elidedText(name, middle, _MOST_OF_A_NAME).replace("&", "&&")
        self.back.setText(tr("conversation.back", name=shown))
        self.back.setAccessibleName(tr("conversation.back", name=name))
