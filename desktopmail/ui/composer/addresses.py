"""A field of recipients: each a chip, with a place to type that completes from people known."""

from __future__ import annotations

import functools
import re
from collections import deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QObject, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QCompleter,
    QFrame,
    QLineEdit,
    QListView,
    QScrollArea,
    QStyledItemDelegate,
    QToolButton,
    QWidget,
)

from desktopmail.mime import address
from desktopmail.mime.address import Mailbox
from desktopmail.ui.composer.address_chip import MIME_TYPE, AddressChip
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.isolates import named
from desktopmail.ui.language import trn
from desktopmail.ui.slices import slice_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from desktopmail.door.rows import Person
    from desktopmail.ui.theme.theme import Theme

_OFFERED = 8
_MANY = 60  # recipients shown until more are wanted
_MAX_LINES = 4
_BREAKS = re.compile(r"[\r\n\t;]+")


def parse_typed(text: str) -> tuple[Mailbox, ...]:
    """Return the mailboxes of a text a person typed or pasted: commas, semicolons or lines between.

    A list of bare addresses may have nothing but spaces between them.
    """
    text = _BREAKS.sub(",", text)
    words = text.replace(",", " ").split()
    if len(words) > 1 and all(address.is_valid(word) for word in words):
        return tuple(Mailbox("", word) for word in words)
    return tuple(box for box in address.typed(text.strip(" ,")) if box.address or box.name)


class _Offer(QStyledItemDelegate):
    """Shows a person who is offered; what is taken stays as it is typed."""

    def displayText(self, value: object, _locale: QLocale | QLocale.Language) -> str:  # noqa: N802 - Qt's name
        """Name and address, each in its own direction."""
        boxes = address.parse(str(value))
        return named(boxes[0].name, boxes[0].shown_address) if boxes else str(value)


class AddressField(QScrollArea):
    """Recipients as chips.

    Args:
        name: What it is called ("To").
        people: Looks people up by what was typed: (prefix, limit).
        theme: Colours.
        parent: The window.

    Signals:
        changed: Other recipients are in it, or something else is typed.
    """

    changed = Signal()

    def __init__(
        self,
        name: str,
        people: Callable[[str, int], Sequence[Person]],
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._people = people
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setProperty("kind", "recipients")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._host = QWidget(self)
        self._host.setObjectName("recipientsHost")
        self._host.setCursor(Qt.CursorShape.IBeamCursor)
        self._flow = FlowLayout(self._host, spacing=5)
        self._flow.setContentsMargins(0, 2, 0, 2)
        self.edit = QLineEdit(self._host)
        self.edit.setProperty("kind", "bare")
        self.setWidget(self._host)  # which calls eventFilter() at once
        self.edit.setAccessibleName(name)
        self.edit.setMinimumWidth(80)
        self.edit.textEdited.connect(self._edited)
        self._chips: list[AddressChip] = []
        self._waiting: deque[Mailbox] = deque()  # recipients behind those that have a chip
        self._wanted = _MANY
        self.more_button = QToolButton(self._host)
        self.more_button.setProperty("kind", "chip")
        self.more_button.clicked.connect(self._show_many)
        self.more_button.hide()
        self._flow.addWidget(self.more_button)
        self._flow.addWidget(self.edit)
        self.setFocusProxy(self.edit)
        self.edit.installEventFilter(self)  # the host is watched as a scroll area's widget
        self.setAcceptDrops(True)
        self._fit()

    @functools.cached_property
    def _offers(self) -> QStringListModel:
        return QStringListModel(self)

    @functools.cached_property
    def _popup(self) -> QListView:
        popup = QListView(self)
        popup.setObjectName("recipientOffers")
        popup.setAccessibleName(self.accessibleName())
        return popup

    @functools.cached_property
    def _completer(self) -> QCompleter:
        """Made with the first letter typed: three of them cost 15 ms of opening a window."""
        completer = QCompleter(self._offers, self)
        completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setMaxVisibleItems(_OFFERED)
        completer.setWidget(self.edit)  # not setCompleter(): it would replace the whole text
        completer.setPopup(self._popup)
        self._popup.setItemDelegate(_Offer(self._popup))  # the popup has just got Qt's own
        self._popup.installEventFilter(self)
        completer.activated.connect(self._take)
        return completer

    @property
    def _is_offering(self) -> bool:
        return "_popup" in self.__dict__ and self._popup.isVisible()

    # ---- what it holds

    @property
    def chips(self) -> tuple[AddressChip, ...]:
        """The chips, in their order."""
        return tuple(self._chips)

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """The recipients, what is still being typed among them; wrong ones included."""
        return (
            *(chip.box for chip in self._chips),
            *self._waiting,
            *parse_typed(self.edit.text()),
        )

    def set_mailboxes(self, boxes: Sequence[Mailbox]) -> None:
        """Show other recipients."""
        for chip in self._chips:
            self._drop(chip)
        self._chips, self._wanted = [], _MANY
        self._waiting.clear()
        self.edit.clear()
        self.add(boxes)

    def add(self, boxes: Sequence[Mailbox]) -> None:
        """Add recipients; each address is there once."""
        there = (*(chip.box for chip in self._chips), *self._waiting)
        known = {box.key for box in there if box.address}
        for box in boxes:
            if box.key in known:
                continue
            if box.address:
                known.add(box.key)
            self._waiting.append(box)
        self._show_some()
        self.changed.emit()

    def _show_some(self) -> None:
        """Make chips of some that wait, of the next ones in a moment."""
        self._flow.setEnabled(False)  # all at once: else each that is shown has all placed anew
        is_full = len(self._chips) >= self._wanted
        for box in () if is_full else slice_of(self._waiting):
            self._add_chip(box)
            is_full = len(self._chips) >= self._wanted
            if is_full:
                break
        self._flow.setEnabled(True)
        self._flow.invalidate()
        self.more_button.setText(trn("compose.more_people", len(self._waiting)))
        self.more_button.setVisible(bool(self._waiting) and is_full)
        self._fit()
        if self.edit.hasFocus():
            self._show_edit()
        if self._waiting and not is_full:
            QTimer.singleShot(0, self, self._show_some)

    def _show_many(self) -> None:
        self._wanted += _MANY
        self._show_some()

    def _add_chip(self, box: Mailbox) -> None:
        chip = AddressChip(box, self._theme, self._host)
        chip.edit_wanted.connect(lambda it=chip: self._to_text(it))
        chip.remove_wanted.connect(lambda back, it=chip: self._remove(it, back=back))
        chip.leave_wanted.connect(lambda way, it=chip: self._go(it, way))
        chip.typed.connect(lambda text, it=chip: self._replace(it, text))
        self._chips.append(chip)
        self._flow.insert_widget(len(self._chips) - 1, chip)
        chip.show()

    def text(self) -> str:
        """All of it as one text."""
        return ", ".join(str(box) for box in self.mailboxes())

    def set_text(self, text: str) -> None:
        """Put what was typed elsewhere (a mailto link) in place of what is here."""
        self.set_mailboxes(parse_typed(text))

    def first_wrong(self) -> Mailbox | None:
        """The first recipient no mail can be sent to, or None."""
        return next((box for box in self.mailboxes() if not box.is_valid), None)

    def settle(self) -> None:
        """Make chips of what is being typed."""
        typed = parse_typed(self.edit.text())
        if typed:
            self.edit.clear()
            self.add(typed)
        elif self.edit.text().strip(" ,;"):
            return
        else:
            self.edit.clear()

    # ---- typing

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """See what is typed and where it is clicked."""
        if watched is self._host and isinstance(event, QMouseEvent):
            if event.type() == QEvent.Type.MouseButtonPress:
                self.edit.setFocus()
                return True
        elif isinstance(event, QKeyEvent) and self._is_offering and self._offered(event):
            return True
        elif watched is self.edit:
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                return self._key(event)
            if event.type() == QEvent.Type.FocusIn:
                self._show_edit()
            if event.type() == QEvent.Type.FocusOut and not self._is_offering:
                self.settle()
        return super().eventFilter(watched, event)

    def _show_edit(self) -> None:
        """Scroll to where one types, once the chips have found their places."""
        QTimer.singleShot(0, self.edit, lambda: self.ensureWidgetVisible(self.edit, 0, 4))

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        at_begin = self.edit.cursorPosition() == 0 and not self.edit.hasSelectedText()
        if self._is_offering and key in {
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
            Qt.Key.Key_Tab,
        }:
            row = max(self._popup.currentIndex().row(), 0)
            self._take(self._offers.stringList()[row])
            return True
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Comma, Qt.Key.Key_Semicolon}:
            return self._separator(event)
        back = Qt.Key.Key_Right if self.isRightToLeft() else Qt.Key.Key_Left
        if at_begin and self._chips and key in {Qt.Key.Key_Backspace, back}:
            self._chips[-1].setFocus(Qt.FocusReason.OtherFocusReason)
            return True
        if event.matches(QKeySequence.StandardKey.Paste):
            return self._paste()
        return False

    def _offered(self, event: QKeyEvent) -> bool:
        """Escape closes the offers and not the window; the arrows go round among them."""
        key, pressed = event.key(), event.type() == QEvent.Type.KeyPress
        if key == Qt.Key.Key_Escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if not pressed or key not in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            return False
        row = self._popup.currentIndex().row() + (1 if key == Qt.Key.Key_Down else -1)
        self._popup.setCurrentIndex(self._offers.index(row % self._offers.rowCount(), 0))
        return True

    def _separator(self, event: QKeyEvent) -> bool:
        """End an address; a comma within a quoted name, or before any "@", is typed."""
        text = self.edit.text()
        enters = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if not text.strip():
            return not enters
        if not enters and (text.count('"') % 2 or ("@" not in text and " " in text.strip())):
            return False
        self.settle()
        return True

    def _paste(self) -> bool:
        text = QGuiApplication.clipboard().text()
        boxes = parse_typed(text)
        if len(boxes) > 1 or any(box.is_valid for box in boxes):
            if self.edit.text().strip():
                return False
            self.add(boxes)
            return True
        return False

    def _edited(self) -> None:
        self.changed.emit()
        typed = self.edit.text().strip()
        if not typed or typed.endswith(">"):
            if self._is_offering:
                self._popup.hide()
            return
        taken = {chip.box.key for chip in self._chips}
        found = [it for it in self._people(typed, _OFFERED) if it.address.lower() not in taken]
        offers = [str(Mailbox(person.name, person.address)) for person in found]
        if not offers or offers == [typed]:
            if self._is_offering:
                self._popup.hide()
            return
        self._offers.setStringList(offers)
        self._completer.complete()
        self._popup.setCurrentIndex(self._offers.index(0, 0))

    def _take(self, offer: str) -> None:
        self._popup.hide()
        self.edit.clear()
        self.add(address.parse(offer))
        # Qt's completer writes the offer into the field after this; that is not wanted.
        QTimer.singleShot(0, self.edit, self.edit.clear)

    # ---- chips

    def _to_text(self, chip: AddressChip) -> None:
        self.settle()
        text = str(chip.box)
        self._remove(chip, back=False)
        self.edit.setText(text)
        self.edit.setFocus()
        self.changed.emit()

    def _replace(self, chip: AddressChip, text: str) -> None:
        self._remove(chip, back=False)
        self.edit.setFocus()
        self.edit.insert(text)
        self._edited()

    def _remove(self, chip: AddressChip, *, back: bool) -> None:
        if chip not in self._chips:
            return
        at = self._chips.index(chip)
        self._chips.remove(chip)
        self._drop(chip)
        self._show_some()
        self.changed.emit()
        at = at - 1 if back else at
        if 0 <= at < len(self._chips):
            self._chips[at].setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.edit.setFocus()

    def _go(self, chip: AddressChip, way: int) -> None:
        at = self._chips.index(chip) + way
        if way and 0 <= at < len(self._chips):
            self._chips[at].setFocus(Qt.FocusReason.OtherFocusReason)
        elif not way or at >= len(self._chips):
            self.edit.setFocus()

    def _drop(self, chip: AddressChip) -> None:
        self._flow.removeWidget(chip)
        chip.hide()
        chip.deleteLater()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        """Take recipients of other fields, and addresses as text."""
        if event.mimeData().hasFormat(MIME_TYPE) or parse_typed(event.mimeData().text()):
            event.acceptProposedAction()
            self._mark("true")

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802 - Qt's name
        """The pointer left."""
        self._mark("false")
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        """Take what was dropped; a chip of this very field stays where it is."""
        self._mark("false")
        source = event.source()
        if isinstance(source, AddressChip) and source in self._chips:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            return
        self.add(parse_typed(event.mimeData().text()))
        if event.mimeData().hasFormat(MIME_TYPE):
            event.setDropAction(Qt.DropAction.MoveAction)
        event.accept()

    def _mark(self, dropping: str) -> None:
        self.setProperty("dropping", dropping)
        self.style().unpolish(self)
        self.style().polish(self)

    # ---- size

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """As many lines as the chips need, up to a few."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        line = self.fontMetrics().height() + 14
        width = self.viewport().width()
        wanted = max(self._flow.heightForWidth(max(width, 200)), line)
        self.setFixedHeight(min(wanted, _MAX_LINES * line))
