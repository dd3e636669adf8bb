"""The outbox, in the place of list and message while it is chosen in the tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktopmail.door.rows import QuestionRow, SendingRow
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins
from desktopmail.ui.models import outbox
from desktopmail.ui.panels.live_cards import LiveCards
from desktopmail.ui.panels.sending_cards import sending_cards
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow

Told = tuple[list[SendingRow], list[QuestionRow]]


class OutboxPane(QFrame):
    """A card for each message that waits to be sent; without any, it says so."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self.setObjectName("outboxPane")
        self._window = window
        title = Label(tr("tree.outbox"), self)
        title.setProperty("kind", "heading")
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        header = QFrame(self)
        header.setObjectName("listHeader")
        row = QVBoxLayout(header)
        set_margins(row, 16, 8, 8, 8)
        row.addWidget(title)
        lines.addWidget(header)
        self.cards = LiveCards(window.bridge, self._read, self._make, self)
        lines.addWidget(self.cards, 1)

    def _read(self) -> Told:
        reader = self._window.reader
        return outbox.waiting(reader), reader.questions()

    def _make(self, told: Told, host: QWidget) -> list[QWidget]:
        sendings, questions = told
        if sendings:
            return [*sending_cards(self._window, sendings, questions, host)]
        nothing = WrappedLabel(tr("outbox.nothing"), host)
        nothing.setProperty("kind", "muted")
        return [nothing]
