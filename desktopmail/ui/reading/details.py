"""The fields of a header that are shown on demand: all people, and who vouches for the sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins
from desktopmail.ui.reading.people_line import PeopleLine
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.mime.address import Mailbox
    from desktopmail.ui.reading.content import Letter


class Details(QWidget):
    """Fields and their values, people as buttons.

    Signals:
        write_wanted, keep_wanted: See `PeopleLine`.
    """

    write_wanted = Signal(object)
    keep_wanted = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("headerDetails")
        self.setAccessibleName(tr("reading.details"))
        self._left = 0
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        self._host = QWidget(self)
        lines.addWidget(self._host)
        self._grid = self._make_grid()

    def indent(self, left: int) -> None:
        """Begin beside the picture of the sender, which is so wide, in pixels."""
        self._left = left
        set_margins(self._grid, left, 2, 0, 0)

    def _make_grid(self) -> QGridLayout:
        grid = QGridLayout(self._host)
        set_margins(grid, self._left, 2, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        return grid

    def show_fields(self, letter: Letter, proved: str) -> None:
        """Show the fields of a message.

        Args:
            letter: The message.
            proved: What was found out about its sender.
        """
        before, self._host = self._host, QWidget(self)  # a grid keeps the rows it once had
        if (lines := self.layout()) is not None:
            lines.replaceWidget(before, self._host)
        before.setParent(None)
        before.deleteLater()
        self._grid = self._make_grid()
        people: list[tuple[str, Sequence[Mailbox]]] = [
            ("compose.from", letter.sender),
            ("compose.reply_to", letter.reply_to),
            ("compose.to", letter.to),
            ("compose.cc", letter.cc),
            ("compose.bcc", letter.bcc),
        ]
        for key, boxes in people:
            if boxes:
                line = PeopleLine(boxes, self._host)
                line.write_wanted.connect(self.write_wanted)
                line.keep_wanted.connect(self.keep_wanted)
                self._add(tr(key), line)
        for name, text in (
            (tr("reading.list"), letter.list_id),
            (tr("reading.message_id"), letter.message_id),
            (tr("proof.title"), proved),
        ):
            if text:
                self._add(name, _value(text, self._host))
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def _add(self, name: str, value: QWidget) -> None:
        row = self._grid.rowCount()
        label = Label(name, self._host)
        label.setProperty("kind", "small")
        top = Qt.AlignmentFlag.AlignTop
        label.setAlignment(Qt.AlignmentFlag.AlignRight | top)
        label.setContentsMargins(0, 2, 0, 0)
        self._grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignRight | top)
        self._grid.addWidget(value, row, 1)


def _value(text: str, parent: QWidget) -> QLabel:
    value = WrappedLabel(text, parent)
    value.setContentsMargins(5, 2, 0, 2)
    value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return value
