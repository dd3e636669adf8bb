"""The address book: whom one writes to, looked up, changed, and taken in from vCards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import ExportContacts, ImportContacts, RemoveContact, SetContact
from desktopmail.door.interface import DoorError
from desktopmail.mime import address
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft
from desktopmail.ui.asking import confirm
from desktopmail.ui.composer.writing import Placed, Writing
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.facts import FactTable
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.margins import set_margins
from desktopmail.ui.panels.unkept import Unkept
from desktopmail.ui.sentences import said, said_of

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent

    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.ids import ContactId
    from desktopmail.door.rows import ContactRow
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.window import MainWindow


class AddressBookWindow(QWidget):
    """The people on the left, the one that is chosen on the right; it is kept with a button."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self._window = window
        self._contacts: dict[ContactId, ContactRow] = {}
        self._shown: ContactRow | None = None
        self._is_leaving = False
        self.setWindowTitle(tr("verb.address_book").rstrip("…"))
        self.resize(window.theme.room(840, 560))
        self.table = FactTable(tr("book.people"), [tr("book.name"), tr("book.address")], self)
        self.table.chosen.connect(self._choose)
        self.said = ElidedLabel("", self)
        self.said.setProperty("kind", "small")
        panes = QSplitter(Qt.Orientation.Horizontal, self)
        panes.setHandleWidth(1)
        panes.setChildrenCollapsible(False)
        left = QWidget(self)
        left_lines = QVBoxLayout(left)
        set_margins(left_lines, 14, 12, 12, 12)
        left_lines.addWidget(self.table)
        panes.addWidget(left)
        panes.addWidget(self._build_card())
        panes.setSizes([440, 400])
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(self._build_bar())
        lines.addWidget(panes, 1)
        QShortcut(QKeySequence("Ctrl+W"), self).activated.connect(self.close)
        QShortcut(QKeySequence.StandardKey.Find, self).activated.connect(self.search.setFocus)
        self._unkept = Unkept(
            self, window.scope, self._is_changed, self._kept, self.keep_button.isEnabled
        )
        self.refresh()
        self._show(None)

    def _build_bar(self) -> QFrame:
        bar = QFrame(self)
        bar.setObjectName("toolbar")
        self.search = QLineEdit(bar)
        self.search.setPlaceholderText(tr("book.search"))
        self.search.setAccessibleName(tr("book.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.refresh)
        row = QHBoxLayout(bar)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(8)
        row.addWidget(self.search, 1)
        self.new_button = _button(bar, "book.new", self._begin)
        row.addWidget(self.new_button)
        row.addWidget(_button(bar, "book.import", self._ask_what_to_import))
        row.addWidget(_button(bar, "book.export", self._ask_where_to_export))
        return bar

    def _build_card(self) -> QWidget:
        card = QWidget(self)
        self.name = QLineEdit(card)
        self.addresses = QPlainTextEdit(card)
        self.organisation = QLineEdit(card)
        self.phones = QPlainTextEdit(card)
        self.note = QPlainTextEdit(card)
        fields = QFormLayout()
        fields.setVerticalSpacing(9)
        fields.setHorizontalSpacing(12)
        for key, field in (
            ("book.name", self.name),
            ("book.addresses", self.addresses),
            ("book.organisation", self.organisation),
            ("book.phones", self.phones),
            ("book.note", self.note),
        ):
            if isinstance(field, QPlainTextEdit):
                field.setProperty("kind", "field")
                field.setTabChangesFocus(True)
                field.setFixedHeight(field.fontMetrics().height() * 3 + 16)
            field.setAccessibleName(tr(key))
            field.textChanged.connect(self._update)
            label = Label(tr(key), card)
            label.setProperty("kind", "muted")
            label.setBuddy(field)
            fields.addRow(label, field)
        self.problem = Label("", card)
        self.problem.setProperty("kind", "error")
        self.problem.setWordWrap(True)
        self.keep_button = _button(card, "book.keep", self._keep)
        self.keep_button.setProperty("kind", "primary")
        self.remove_button = _button(card, "book.remove", self._ask_to_remove)
        self.write_button = _button(card, "book.write", self._write)
        buttons = QHBoxLayout()
        buttons.addWidget(self.remove_button)
        buttons.addWidget(self.write_button)
        buttons.addStretch(1)
        buttons.addWidget(self.keep_button)
        lines = QVBoxLayout(card)
        lines.setContentsMargins(18, 16, 18, 14)
        lines.setSpacing(10)
        lines.addLayout(fields)
        lines.addWidget(self.problem)
        lines.addStretch(1)
        lines.addWidget(self.said)
        lines.addLayout(buttons)
        return card

    # ---- the list

    def refresh(self) -> None:
        """Show the contacts that fit what is typed."""
        words = self.search.text().strip()
        found = self._window.reader.contacts(words)
        self._contacts = {row.id: row for row in found}
        with QSignalBlocker(self.table):  # nobody chose another one
            self.table.fill(
                [(row.id, (row.name, row.addresses[0] if row.addresses else "")) for row in found],
                nothing=tr("book.nobody_fits" if words else "book.empty"),
            )

    def _choose(self) -> None:
        contact = self._chosen()
        if contact is not None and (self._shown is None or contact.id != self._shown.id):
            self._unkept.settle(self._show_chosen, self._stay_with_row)

    def _chosen(self) -> ContactRow | None:
        key = self.table.key()
        return next((row for row in self._contacts.values() if row.id == key), None)

    def _show_chosen(self) -> None:
        self._show(self._chosen())

    def _stay_with_row(self) -> None:
        with QSignalBlocker(self.table):
            self.table.choose(self._shown.id if self._shown is not None else None)

    # ---- the one that is shown

    def _show(self, contact: ContactRow | None) -> None:
        self._shown = contact
        self.name.setText(contact.name if contact else "")
        self.addresses.setPlainText("\n".join(contact.addresses) if contact else "")
        self.organisation.setText(contact.organisation if contact else "")
        self.phones.setPlainText("\n".join(contact.phones) if contact else "")
        self.note.setPlainText(contact.note if contact else "")
        self._update()

    def _begin(self) -> None:
        self._unkept.settle(self._begin_another)

    def _begin_another(self) -> None:
        self.table.clearSelection()
        self._show(None)
        self.name.setFocus()

    def _typed(self) -> SetContact:
        return SetContact(
            contact_id=self._shown.id if self._shown is not None else None,
            name=self.name.text().strip(),
            addresses=_lines(self.addresses),
            organisation=self.organisation.text().strip(),
            phones=_lines(self.phones),
            note=self.note.toPlainText().strip(),
        )

    def _is_changed(self) -> bool:
        typed, shown = self._typed(), self._shown
        before = (
            (shown.name, shown.addresses, shown.organisation, shown.phones, shown.note)
            if shown is not None
            else ("", (), "", (), "")
        )
        now = (typed.name, typed.addresses, typed.organisation, typed.phones, typed.note)
        return now != before

    def _update(self) -> None:
        typed, shown = self._typed(), self._shown
        wrong = [each for each in typed.addresses if not address.is_valid(each)]
        self.problem.setText(tr("book.bad_address", address=wrong[0]) if wrong else "")
        self.problem.setVisible(bool(wrong))
        is_somebody = bool(typed.name or typed.addresses)
        self.keep_button.setEnabled(is_somebody and not wrong and self._is_changed())
        self.remove_button.setEnabled(shown is not None)
        self.write_button.setEnabled(shown is not None and bool(shown.addresses))

    def _keep(self) -> None:
        self._window.scope.spawn(self._kept(), name=self.windowTitle())

    async def _kept(self) -> bool:
        name = self.name.text().strip() or _lines(self.addresses)[0]
        return await self._carry_out(self._typed(), tr("book.kept", name=name))

    def _write(self) -> None:
        if self._shown is not None:
            to = Mailbox(self._shown.name, self._shown.addresses[0])
            account = self._window.account_in_view()
            if account is not None:
                own = Mailbox(account.display_name, account.address)
                placed = Placed(account_id=account.id)
                self._window.compose(Writing(Draft(sender=own, to=(to,)), placed))

    def _ask_to_remove(self) -> None:
        contact = self._shown
        if contact is not None:
            self._window.scope.spawn(self._remove(contact), name=tr("book.remove"))

    async def _remove(self, contact: ContactRow) -> None:
        name = contact.name or contact.addresses[0]
        question = tr("book.remove_question", name=name)
        if await confirm(self, question, tr("book.remove_text"), tr("book.remove")):
            command = RemoveContact(contact_id=contact.id)
            if await self._carry_out(command, tr("book.removed", name=name)):
                self._show(None)

    # ---- files

    def _ask_what_to_import(self) -> None:
        dialog = QFileDialog(self, tr("book.import"), str(Path.home()), "vCard (*.vcf *.vcard)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._do(ImportContacts(path=path)))
        dialog.open()

    def _ask_where_to_export(self) -> None:
        dialog = QFileDialog(self, tr("book.export"), str(Path.home()), "vCard (*.vcf)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("vcf")
        dialog.fileSelected.connect(
            lambda path: self._do(
                ExportContacts(path=path), trn("book.exported", len(self._window.reader.contacts()))
            )
        )
        dialog.open()

    def _do(self, command: AnyCommand, done: str = "") -> None:
        self._window.scope.spawn(self._carry_out(command, done), name=self.windowTitle())

    async def _carry_out(self, command: AnyCommand, done: str = "") -> bool:
        """Give a command, and say what came of it; whether it was done."""
        try:
            outcome = await self._window.door.command(command)
        except DoorError as error:
            self.said.set_full_text(said_of(error))
            return False
        self.said.set_full_text(done or said(outcome.label))
        is_changed = self._is_changed()
        self.refresh()
        if isinstance(command, SetContact):
            made = next((row for row in self._contacts.values() if row.id in outcome.ids), None)
            self._show(made or self._contacts.get(command.contact_id))  # type: ignore[arg-type] # None is nobody
        elif self._shown is not None and not is_changed:
            self._show(self._contacts.get(self._shown.id, self._shown))
        return True

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Close, and lose nothing that was typed in silence."""
        event.setAccepted(self._is_leaving or not self._is_changed())
        if not event.isAccepted():
            self._unkept.settle(self._leave)

    def _leave(self) -> None:
        self._is_leaving = True
        self.close()

    def end(self, ends: TaskScope) -> None:
        """The program ends: what can be kept is kept, and nobody is asked."""
        if not self._is_leaving and self.keep_button.isEnabled():
            ends.spawn(self._keep_at_the_end(self._typed()), name=self.windowTitle())
        self._is_leaving = True

    async def _keep_at_the_end(self, typed: SetContact) -> None:
        await self._window.door.command(typed)


def _button(parent: QWidget, key: str, press: object) -> QPushButton:
    button = QPushButton(tr(key), parent)
    button.setAutoDefault(False)
    button.clicked.connect(lambda _checked=False: press())  # type: ignore[operator] # a bound method
    return button


def _lines(field: QPlainTextEdit) -> tuple[str, ...]:
    return tuple(line.strip() for line in field.toPlainText().splitlines() if line.strip())
