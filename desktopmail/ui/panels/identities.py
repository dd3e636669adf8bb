"""The names and addresses a person writes as, account by account, with their signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from desktopmail.door.commands import RemoveIdentity, SetIdentity
from desktopmail.door.interface import DoorError
from desktopmail.mime import address
from desktopmail.ui.facts import FactTable
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.panels.unkept import Unkept
from desktopmail.ui.sentences import said_of

if TYPE_CHECKING:
    from desktopmail.door.commands import AnyCommand
    from desktopmail.door.rows import IdentityRow
    from desktopmail.ui.window import MainWindow


class IdentitiesDialog(QDialog):
    """The identities of one account above, the fields of the chosen one below."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._gone = False
        self._shown: IdentityRow | None = None
        self._rows: dict[object, IdentityRow] = {}
        self.setWindowTitle(tr("verb.identities").rstrip("…"))
        self.resize(window.theme.room(560, 600))
        self.accounts = QComboBox(self)
        self.accounts.setAccessibleName(tr("disk.account"))
        for account in window.accounts():
            self.accounts.addItem(account_title(account), account.id)
        own = window.account_in_view()
        if own is not None:
            self.accounts.setCurrentIndex(self.accounts.findData(own.id))
        self._account_id = self.accounts.currentData()
        self.accounts.currentIndexChanged.connect(self._change_account)
        self.table = FactTable(
            tr("verb.identities").rstrip("…"), [tr("book.name"), tr("book.address"), ""], self
        )
        self.table.chosen.connect(self._choose)
        self.name = QLineEdit(self)
        self.address = QLineEdit(self)
        self.reply_to = QLineEdit(self)
        self.signature = QPlainTextEdit(self)
        self.signature.setProperty("kind", "field")
        self.signature.setTabChangesFocus(True)
        self.default = QCheckBox(tr("identity.default"), self)
        fields = QFormLayout()
        fields.setVerticalSpacing(9)
        fields.setHorizontalSpacing(12)
        for key, field in (
            ("account.your_name", self.name),
            ("book.address", self.address),
            ("identity.reply_to", self.reply_to),
            ("identity.signature", self.signature),
        ):
            field.setAccessibleName(tr(key))
            field.textChanged.connect(self._update)
            label = Label(tr(key), self)
            label.setProperty("kind", "muted")
            label.setBuddy(field)
            fields.addRow(label, field)
        fields.addRow("", self.default)
        self.default.toggled.connect(self._update)
        self.problem = Label("", self)
        self.problem.setProperty("kind", "error")
        self.problem.setWordWrap(True)
        self.new_button = self._button("identity.new", self._begin)
        self.remove_button = self._button("book.remove", self._remove)
        self.keep_button = self._button("book.keep", self._keep)
        self.done_button = self._button("settings.done", self.accept)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.new_button, self.remove_button, self.keep_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.done_button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(12)
        lines.addWidget(self.accounts)
        lines.addWidget(self.table, 2)
        lines.addLayout(fields, 3)
        lines.addWidget(self.problem)
        lines.addLayout(buttons)
        self._unkept = Unkept(
            self, window.scope, self._is_changed, self._kept, self.keep_button.isEnabled
        )
        self._refresh()

    def _button(self, key: str, press: object) -> QPushButton:
        button = QPushButton(tr(key), self)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: press())  # type: ignore[operator] # a bound method
        return button

    def _refresh(self) -> None:
        account_id = self._account_id = self.accounts.currentData()
        rows = self._window.reader.identities(account_id) if account_id is not None else []
        self._rows = {row.id: row for row in rows}
        with QSignalBlocker(self.table):
            self.table.fill(
                [
                    (
                        row.id,
                        (row.name, row.address, tr("identity.is_default") if row.default else ""),
                    )
                    for row in rows
                ]
            )
            if rows and self.table.key() is None:
                self.table.selectRow(0)
        self._show_chosen()

    def _change_account(self) -> None:
        self._unkept.settle(self._refresh, self._stay_with_account)

    def _stay_with_account(self) -> None:
        with QSignalBlocker(self.accounts):
            self.accounts.setCurrentIndex(self.accounts.findData(self._account_id))

    def _choose(self) -> None:
        shown = self._shown.id if self._shown is not None else None
        if self.table.key() != shown:
            self._unkept.settle(self._show_chosen, self._stay_with_row)

    def _stay_with_row(self) -> None:
        with QSignalBlocker(self.table):
            self.table.choose(self._shown.id if self._shown is not None else None)

    def _show_chosen(self) -> None:
        self._show(self._rows.get(self.table.key()))

    def _show(self, row: IdentityRow | None) -> None:
        self._shown = row
        self.name.setText(row.name if row else "")
        self.address.setText(row.address if row else "")
        self.reply_to.setText(row.reply_to if row else "")
        self.signature.setPlainText(row.signature_text if row else "")
        self.default.setChecked(row.default if row else False)
        self._update()

    def _begin(self) -> None:
        self._unkept.settle(self._begin_another)

    def _begin_another(self) -> None:
        with QSignalBlocker(self.table):
            self.table.choose(None)
        self._show(None)
        self.name.setFocus()

    def _typed(self) -> tuple[str, str, str, str, bool]:
        return (
            self.name.text().strip(), self.address.text().strip(), self.reply_to.text().strip(),
            self.signature.toPlainText().rstrip(), self.default.isChecked(),
        )  # fmt: skip

    def _is_changed(self) -> bool:
        shown = self._shown
        if shown is None:
            return self._typed() != ("", "", "", "", False)
        return self._typed() != (
            shown.name, shown.address, shown.reply_to, shown.signature_text.rstrip(), shown.default,
        )  # fmt: skip

    def _update(self) -> None:
        typed, shown = self._typed(), self._shown
        wrong = next((it for it in typed[1:3] if it and not address.is_valid(it)), "")
        self.problem.setText(tr("book.bad_address", address=wrong) if wrong else "")
        self.problem.setVisible(bool(wrong))
        self.default.setEnabled(shown is None or not shown.default)
        self.keep_button.setEnabled(bool(typed[1]) and not wrong and self._is_changed())
        self.remove_button.setEnabled(shown is not None and len(self._rows) > 1)

    def _keep(self) -> None:
        self._do(self._changed())

    async def _kept(self) -> bool:
        return await self._carry_out(self._changed())

    def _changed(self) -> SetIdentity:
        shown = self._shown
        name, mail, reply_to, signature, default = self._typed()
        is_same = shown is not None and shown.signature_text.rstrip() == signature
        return SetIdentity(
            account_id=self._account_id,
            identity_id=shown.id if shown is not None else None,
            name=name,
            address=mail,
            reply_to=reply_to,
            signature_text=signature,
            # The rich one says the same in other looks: it goes when the text changes.
            signature_html=shown.signature_html if shown is not None and is_same else "",
            default=default,
        )

    def _remove(self) -> None:
        if self._shown is not None:
            self._do(RemoveIdentity(identity_id=self._shown.id))

    def _do(self, command: AnyCommand) -> None:
        self._window.scope.spawn(self._carry_out(command), name=self.windowTitle())

    async def _carry_out(self, command: AnyCommand) -> bool:
        """Give a command, and say what is wrong with it; whether it was done."""
        try:
            await self._window.door.command(command)
        except DoorError as error:
            if self._gone:
                raise  # the window tells it
            self.problem.setText(said_of(error))
            self.problem.show()
            return False
        if not self._gone:
            self._refresh()
        return True

    def accept(self) -> None:
        """Close, and lose nothing that was typed in silence."""
        self._unkept.settle(super().accept)

    def reject(self) -> None:
        """Close, and lose nothing that was typed in silence."""
        self._unkept.settle(super().reject)

    def done(self, result: int) -> None:
        """Touch nothing of it any more."""
        self._gone = True
        super().done(result)
