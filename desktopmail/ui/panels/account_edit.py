"""The servers of an account as they are; what is changed is tried before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import EditAccount, Password, ServerChange, ServerSettings
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Security
from desktopmail.ui.commands.open_vault import open_vault
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.panels.account import LOOPBACK, ServerFields
from desktopmail.ui.sentences import said_of
from desktopmail.ui.tasks import TaskScope

if TYPE_CHECKING:
    from desktopmail.door.rows import AccountRow, ServerRow
    from desktopmail.ui.window import MainWindow


class AccountEditDialog(QDialog):
    """Shows what an account has, and changes it."""

    def __init__(self, window: MainWindow, account: AccountRow) -> None:
        super().__init__(window)
        self._window = window
        self._account = account
        self.scope = TaskScope(self._failed)
        self.setWindowTitle(tr("servers.title", account=account_title(account)))
        self.setMinimumWidth(540)
        self.display_name = self._line(tr("account.your_name"), account.display_name)
        self.incoming = ServerFields(account.kind.value, tr("account.incoming"), self)
        self.user = self._line(tr("account.user"), account.incoming.user)
        self.outgoing = ServerFields("smtp", tr("account.outgoing"), self)
        self.outgoing_user = self._line(tr("servers.outgoing_user"), account.outgoing.user)
        self.password = self._line(tr("account.password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(tr("servers.password_hint"))
        for fields, server in (
            (self.incoming, account.incoming),
            (self.outgoing, account.outgoing),
        ):
            fields.fill(
                ServerSettings(host=server.host, port=server.port, security=server.security)
            )
        self.consent = QCheckBox(tr("account.consent"), self)
        self.problem = QLabel(self)
        self.problem.setProperty("kind", "error")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.hide()
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self.save_button = QPushButton(tr("servers.save"), self)
        self.save_button.setProperty("kind", "primary")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.submit)
        self._lay_out()
        for fields in (self.incoming, self.outgoing):
            fields.security.currentIndexChanged.connect(self._show_consent)
            fields.host.textChanged.connect(self._show_consent)
        self._show_consent()

    def _line(self, name: str, text: str) -> QLineEdit:
        field = QLineEdit(text, self)
        field.setAccessibleName(name)
        return field

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            (tr("account.your_name"), self.display_name),
            (tr("account.incoming"), self.incoming),
            (tr("account.user"), self.user),
            (tr("account.outgoing"), self.outgoing),
            (tr("servers.outgoing_user"), self.outgoing_user),
            (tr("account.password"), self.password),
        )
        for title, field in rows:
            label = QLabel(title, self)
            label.setProperty("kind", "muted")
            label.setBuddy(field)
            form.addRow(label, field)
        cancel = QPushButton(tr("error.cancel"), self)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save_button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(24, 20, 24, 18)
        lines.setSpacing(14)
        lines.addLayout(form)
        lines.addWidget(self.consent)
        lines.addWidget(self.problem)
        lines.addWidget(self._busy)
        lines.addStretch(1)
        lines.addLayout(buttons)

    def _in_the_clear(self) -> bool:
        return any(
            fields.chosen_security() is Security.NONE
            and fields.host.text().strip().lower() not in LOOPBACK
            for fields in (self.incoming, self.outgoing)
        )

    def _show_consent(self) -> None:
        self.consent.setVisible(self._in_the_clear())

    # ---- saving

    def command(self) -> EditAccount:
        """What was changed."""
        account, password = self._account, self.password.text()
        name = self.display_name.text().strip()
        return EditAccount(
            account_id=account.id,
            display_name=name if name != account.display_name else None,
            incoming=_change(account.incoming, self.incoming, self.user),
            outgoing=_change(account.outgoing, self.outgoing, self.outgoing_user),
            password=Password(password) if password else None,
            allow_cleartext=True if self._in_the_clear() and self.consent.isChecked() else None,
        )

    def submit(self) -> None:
        """Try what was changed, and keep it."""
        for fields in (self.incoming, self.outgoing):
            if not fields.host.text().strip():
                fields.host.setFocus()
                self._show_problem(tr("account.no_host"))
                return
        command = self.command()
        if command == EditAccount(account_id=self._account.id):
            self.accept()
            return
        self.problem.hide()
        self._be_busy(True)
        self.scope.spawn(self._save(command), name=self.windowTitle())

    async def _save(self, command: EditAccount) -> None:
        try:
            try:
                await self._window.door.command(command)
            except DoorError as error:
                if error.code != "no-keyring" or not await open_vault(self._window):
                    raise
                await self._window.door.command(command)
        finally:
            self._be_busy(False)
        self._window.say(tr("servers.saved", account=account_title(self._account)))
        self.accept()

    def _be_busy(self, busy: bool) -> None:
        self.save_button.setEnabled(not busy)
        self._busy.setVisible(busy)

    def _failed(self, name: str, error: Exception) -> None:
        if isinstance(error, DoorError):
            self._show_problem(said_of(error))
        else:
            self._show_problem(tr("error.unexpected", what=name, error=str(error)))

    def _show_problem(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setAccessibleName(text)
        self.problem.show()

    def done(self, result: int) -> None:
        """Close; what is under way is given up."""
        self._window.scope.spawn(self.scope.close(), name=self.windowTitle())
        super().done(result)


def _change(server: ServerRow, fields: ServerFields, user: QLineEdit) -> ServerChange:
    """What is another one than before."""
    host = fields.host.text().strip().strip("[]")
    name = user.text().strip()
    return ServerChange(
        host=host if host != server.host else None,
        port=fields.port.value() if fields.port.value() != server.port else None,
        security=fields.chosen_security() if fields.chosen_security() != server.security else None,
        user=name if name != server.user else None,
    )
