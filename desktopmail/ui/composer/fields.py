"""The lines above the text: who sends it, to whom, and what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from desktopmail.ui.composer.addresses import AddressField
from desktopmail.ui.isolates import named
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.rows import Person
    from desktopmail.mime.compose import Draft
    from desktopmail.ui.composer.senders import Sender
    from desktopmail.ui.theme.theme import Theme


class Fields(QFrame):
    """From, To, Cc, Bcc and Subject.

    Args:
        senders: The choices of From.
        people: Looks people up by what was typed: (prefix, limit).
        theme: Colours.
        parent: The window.

    Signals:
        changed: Something else is in one of them.
        sender_changed: Another sender was chosen.
    """

    changed = Signal()
    sender_changed = Signal()

    def __init__(
        self,
        senders: Sequence[Sender],
        people: Callable[[str, int], Sequence[Person]],
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("composeHeader")
        self.from_box = QComboBox(self)
        self.from_box.setProperty("kind", "bare")
        self.from_box.setAccessibleName(tr("compose.from"))
        self.from_box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        for sender in senders:
            box = sender.mailbox
            self.from_box.addItem(named(box.name, box.shown_address), sender)
        # The Tab key goes from one to the next as they are made: setTabOrder() would leave behind
        # what has an edit to stand in for it, and the way would lead from the text back to Cc.
        self.to = AddressField(tr("compose.to"), people, theme, self)
        self.more_button = QToolButton(self)
        self.more_button.setText(tr("compose.show_cc"))
        self.more_button.setProperty("kind", "chip")
        self.more_button.clicked.connect(lambda: self.show_cc(shown=True))
        self.cc = AddressField(tr("compose.cc"), people, theme, self)
        self.bcc = AddressField(tr("compose.bcc"), people, theme, self)
        self.subject = QLineEdit(self)
        self.subject.setProperty("kind", "bare")
        self.subject.setAccessibleName(tr("compose.subject"))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(18, 4, 18, 4)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._lines: dict[QWidget, tuple[QWidget, ...]] = {}
        self._rows: dict[QWidget, int] = {}
        for name, field in (
            ("from", self.from_box),
            ("to", self.to),
            ("cc", self.cc),
            ("bcc", self.bcc),
            ("subject", self.subject),
        ):
            self._add_line(tr(f"compose.{name}"), field)
        beside = QHBoxLayout()
        beside.setContentsMargins(0, 4, 0, 0)
        beside.addWidget(self.more_button, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addLayout(beside, self._rows[self.to], 2)
        for part in self._lines[self.from_box]:
            part.setVisible(len(senders) > 1)
        for field in self.recipient_fields:
            field.changed.connect(self.changed)
        self.subject.textChanged.connect(self.changed)
        self.from_box.currentIndexChanged.connect(self.sender_changed)
        self.from_box.currentIndexChanged.connect(self.changed)

    def _add_line(self, name: str, field: QWidget) -> None:
        row = self._grid.rowCount()
        self._rows[field] = row
        label = Label(name, self)
        label.setProperty("kind", "muted")
        label.setBuddy(field)
        line = self.fontMetrics().height() + 14
        label.setFixedHeight(line)
        field.setMinimumHeight(line)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(label, row, 0, top | Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(field, row, 1)
        parts: tuple[QWidget, ...] = (label, field)
        if field is not self.subject:
            rule = QFrame(self)
            rule.setProperty("kind", "rule")
            self._grid.addWidget(rule, row + 1, 0, 1, 3)
            parts += (rule,)
        self._lines[field] = parts

    @property
    def recipient_fields(self) -> tuple[AddressField, ...]:
        """To, Cc and Bcc."""
        return (self.to, self.cc, self.bcc)

    @property
    def sent_by(self) -> Sender | None:
        """Who sends it; None where there is no account."""
        chosen: Sender | None = self.from_box.currentData()
        return chosen

    def show_draft(self, draft: Draft, sender: int) -> None:
        """Show what a draft begins with."""
        self.from_box.setCurrentIndex(sender)
        self.to.set_mailboxes(draft.to)
        self.cc.set_mailboxes(draft.cc)
        self.bcc.set_mailboxes(draft.bcc)
        self.subject.setText(draft.subject)
        self.subject.setCursorPosition(0)
        self.show_cc(shown=bool(draft.cc or draft.bcc))

    def show_cc(self, *, shown: bool) -> None:
        """Show the fields for copies, and go to the first of them."""
        was_hidden = self.cc.isHidden()
        for field in (self.cc, self.bcc):
            for part in self._lines[field]:
                part.setVisible(shown)
        self.more_button.setVisible(not shown)
        if shown and was_hidden and self.isVisible():
            self.cc.setFocus()

    def settle(self) -> None:
        """Make chips of what is being typed."""
        for field in self.recipient_fields:
            field.settle()

    def has_words(self) -> bool:
        """Whether anything is in it."""
        return any(field.text() for field in self.recipient_fields) or bool(self.subject.text())

    def focus_first_missing(self) -> bool:
        """Put the cursor into the first empty line a message needs; False where none is."""
        for field, text in ((self.to, self.to.text()), (self.subject, self.subject.text())):
            if not text:
                field.setFocus()
                return True
        return False
