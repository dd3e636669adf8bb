"""A field for addresses that completes them from the mail sent and received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QStringListModel, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView, QWidget

from desktopmail.mime import address
from desktopmail.mime.address import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.rows import Person

_OFFERED = 8
_MIN_TYPED = 1


class AddressField(QLineEdit):
    """Mailboxes separated by commas.

    Args:
        name: What it is called ("To").
        people: Looks people up by what was typed: (prefix, limit).
    """

    def __init__(
        self,
        name: str,
        people: Callable[[str, int], Sequence[Person]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "bare")
        self.setAccessibleName(name)
        self._people = people
        self._offers = QStringListModel(self)
        self._completer = QCompleter(self._offers, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setMaxVisibleItems(_OFFERED)
        self._completer.setWidget(self)  # not setCompleter(): that would replace the whole text
        self._popup = QListView(self)
        self._completer.setPopup(self._popup)
        self._completer.activated.connect(self._take)
        self.textEdited.connect(self._edited)

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """What was typed, as mailboxes; wrong ones included."""
        return address.parse(self.text())

    def set_mailboxes(self, boxes: Sequence[Mailbox]) -> None:
        """Show mailboxes."""
        self.setText(", ".join(str(box) for box in boxes))
        self.setCursorPosition(0)

    def first_wrong(self) -> str | None:
        """The first thing typed that is no address, or None."""
        for box in self.mailboxes():
            if not box.is_valid:
                return box.address or box.name
        return None

    def mark_wrong(self, wrong: bool) -> None:
        """Show that something in the field is wrong, or no longer."""
        self.setProperty("invalid", "true" if wrong else "false")
        self.style().unpolish(self)
        self.style().polish(self)

    def event(self, event: QEvent) -> bool:
        """Take the offer with Tab: Qt would move the focus before a key press is told."""
        tab = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Tab
        if tab and event.type() == QEvent.Type.KeyPress and self._popup.isVisible():
            self._take_current()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Take the offer with Enter while the list of offers is open."""
        if self._popup.isVisible() and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._take_current()
            return
        super().keyPressEvent(event)

    def _take_current(self) -> None:
        row = max(self._popup.currentIndex().row(), 0)
        self._take(self._offers.stringList()[row])
        self._popup.hide()

    def _piece(self) -> tuple[int, str]:
        """Where the address at the cursor begins, and what of it was typed."""
        before = self.text()[: self.cursorPosition()]
        quoted = False
        start = 0
        for at, letter in enumerate(before):
            if letter == '"':
                quoted = not quoted
            elif letter in ",;" and not quoted:
                start = at + 1
        return start, before[start:].strip()

    def _edited(self) -> None:
        self.mark_wrong(False)
        _, typed = self._piece()
        if len(typed) < _MIN_TYPED or typed.endswith(">"):
            self._popup.hide()
            return
        found = self._people(typed, _OFFERED)
        offers = [str(Mailbox(person.name, person.address)) for person in found]
        self._offers.setStringList(offers)
        if not offers or offers == [typed]:
            self._popup.hide()
            return
        self._completer.complete()
        self._popup.setCurrentIndex(self._offers.index(0, 0))

    def _take(self, offer: str) -> None:
        start, _ = self._piece()
        text = self.text()
        before = text[:start].rstrip()
        after = text[self.cursorPosition() :].lstrip(" ,;")
        head = f"{before} {offer}, " if before else f"{offer}, "
        self.setText(head + after)
        self.setCursorPosition(len(head))
