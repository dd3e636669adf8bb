"""The servers of an account as they are; what is changed is tried before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import EditAccount, ServerChange, ServerSettings
from desktopmail.door.queries import PasswordPlace, ReadPasswordPlace
from desktopmail.tasks import TaskScope
from desktopmail.ui.commands.open_vault import command_with_vault
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.panels.consent import Consent
from desktopmail.ui.panels.exposure_line import ExposureLine
from desktopmail.ui.panels.file_field import FileField
from desktopmail.ui.panels.form_area import FormArea
from desktopmail.ui.panels.password_fields import PasswordFields
from desktopmail.ui.panels.problem_line import ProblemLine
from desktopmail.ui.panels.server_fields import AuthBox, ServerFields
from desktopmail.ui.panels.unkept import Unkept

if TYPE_CHECKING:
    from desktopmail.door.certificate import ShownCertificate
    from desktopmail.door.rows import AccountRow, ServerRow
    from desktopmail.ui.window import MainWindow


class ServerPart:
    """Everything of one server: where it is, who logs in, and how.

    Args:
        server: As it is.
        protocol, title: What it speaks, and what it is to the person.
        user_title, ca_title: The names of the fields for the login name and for a private CA.
    """

    def __init__(
        self,
        server: ServerRow,
        protocol: str,
        title: str,
        user_title: str,
        ca_title: str,
        parent: QWidget,
    ) -> None:
        self._server = server
        self.title = title
        self.fields = ServerFields(protocol, title, parent)
        self.fields.fill(
            ServerSettings(host=server.host, port=server.port, security=server.security)
        )
        self.user = QLineEdit(server.user, parent)
        self.user.setAccessibleName(user_title)
        self.auth = AuthBox(protocol, title, parent)
        self.auth.choose(server.auth)
        self.ca_title = ca_title
        self.ca_file = FileField(ca_title, server.ca_file, tr("servers.ca_hint"), parent)

    def change(self, password_file: str | None, *, trusts_ca: bool) -> ServerChange:
        """What is another one than before; see `ServerChange` for the file of the password."""
        server, fields = self._server, self.fields
        host = fields.host.text().strip().strip("[]")
        user, auth = self.user.text().strip(), self.auth.chosen()
        port, security = fields.port.value(), fields.chosen_security()
        ca_file = self.ca_file.path() if trusts_ca else ""
        return ServerChange(
            host=host if host != server.host else None,
            port=port if port != server.port else None,
            security=security if security != server.security else None,
            auth=auth if auth != server.auth else None,
            user=user if user != server.user else None,
            ca_file=ca_file if ca_file != (server.ca_file or "") else None,
            password_file=None
            if password_file is None or (password_file or None) == server.password_file
            else password_file,
            pins=fields.pins() or None,
        )


class AccountEditDialog(QDialog):
    """Shows what an account has, and changes it."""

    def __init__(self, window: MainWindow, account: AccountRow) -> None:
        super().__init__(window)
        self._window = window
        self._account = account
        self.scope = TaskScope(self._failed)
        self.setWindowTitle(tr("servers.title", account=account_title(account)))
        self.display_name = QLineEdit(account.display_name, self)
        self.display_name.setAccessibleName(tr("account.your_name"))
        self.incoming = ServerPart(
            account.incoming,
            account.kind.value,
            tr("account.incoming"),
            tr("account.user"),
            tr("servers.ca_incoming"),
            self,
        )
        self.outgoing = ServerPart(
            account.outgoing,
            "smtp",
            tr("account.outgoing"),
            tr("servers.outgoing_user"),
            tr("servers.ca_outgoing"),
            self,
        )
        self.passwords = PasswordFields(account, self)
        self.exposure = ExposureLine(self)
        self.consent = Consent(tr("account.consent"), self)
        self.problem = ProblemLine(self)
        self.save_button = QPushButton(tr("servers.save"), self)
        self.save_button.setProperty("kind", "primary")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.submit)
        self.problem.accepted.connect(self._accept_certificate)
        self.advanced = QCheckBox(tr("servers.advanced"), self)
        self.advanced.setChecked(bool(account.incoming.ca_file or account.outgoing.ca_file))
        self._unkept = Unkept(self, window.scope, self._is_changed)
        self._lay_out()
        for part in (self.incoming, self.outgoing):
            part.fields.security.currentIndexChanged.connect(self._show_exposure)
            part.fields.host.textChanged.connect(self._show_exposure)
            part.auth.currentIndexChanged.connect(self._show_exposure)
        self._show_exposure()

        self.scope.spawn(self._look_where_passwords_are(), name=self.windowTitle())

    async def _look_where_passwords_are(self) -> None:
        place = await self._window.door.query(ReadPasswordPlace(account_id=self._account.id))
        if isinstance(place, PasswordPlace):
            self.passwords.fill(place)

    # ---- building

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(self._muted(tr("account.your_name"), self.display_name), self.display_name)
        for part in (self.incoming, self.outgoing):
            form.addRow(self._rule())
            for title, field in (
                (part.title, part.fields),
                (tr("account.user"), part.user),
                (tr("servers.auth"), part.auth),
            ):
                form.addRow(self._muted(title, field), field)
        form.addRow(self._rule())
        passwords = self.passwords
        form.addRow(self._muted(tr("account.password"), passwords.kept_in), passwords.kept_in)
        form.addRow("", passwords.source)
        form.addRow("", passwords.another)
        title = tr("servers.outgoing_password")
        form.addRow(self._muted(title, passwords.outgoing), passwords.outgoing)
        form.addRow("", self.exposure)
        form.addRow("", self.consent)
        form.addRow(self._rule())
        form.addRow("", self.advanced)
        for part in (self.incoming, self.outgoing):
            form.addRow(self._muted(part.ca_title, part.ca_file), part.ca_file)
        self._form = form
        self._show_advanced(self.advanced.isChecked())
        self.advanced.toggled.connect(self._show_advanced)
        self._show_another(passwords.another.isChecked())
        passwords.has_another.connect(self._show_another)
        self._area = area = FormArea(form, self)
        cancel = QPushButton(tr("error.cancel"), self)
        cancel.clicked.connect(lambda: self.done(QDialog.DialogCode.Rejected))
        buttons = QHBoxLayout()
        buttons.setContentsMargins(24, 0, 24, 0)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save_button)
        self.problem.setContentsMargins(24, 0, 24, 0)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 20, 0, 18)
        lines.setSpacing(14)
        lines.addWidget(area, 1)
        lines.addWidget(self.problem)
        lines.addLayout(buttons)
        self.setMinimumWidth(max(self._window.theme.width(560), area.least_width()))
        self.adjustSize()

    def _muted(self, title: str, field: QWidget) -> QLabel:
        label = Label(title, self)
        label.setProperty("kind", "muted")
        label.setBuddy(field)
        return label

    def _rule(self) -> QFrame:
        rule = QFrame(self)
        rule.setProperty("kind", "rule")
        return rule

    def _show_advanced(self, shown: bool) -> None:
        for part in (self.incoming, self.outgoing):
            self._form.setRowVisible(part.ca_file, shown)

    def _show_another(self, shown: bool) -> None:
        self._form.setRowVisible(self.passwords.outgoing, shown)

    def _show_exposure(self) -> None:
        parts = (self.incoming, self.outgoing)
        self.exposure.show_ways([part.fields.way(part.auth.chosen()) for part in parts])
        self.consent.setVisible(self.exposure.needs_consent)

    # ---- saving

    def command(self) -> EditAccount:
        """What was changed."""
        account, passwords = self._account, self.passwords
        name = self.display_name.text().strip()
        trusts_ca = self.advanced.isChecked()
        consents = self.exposure.needs_consent and self.consent.is_given
        return EditAccount(
            account_id=account.id,
            display_name=name if name != account.display_name else None,
            incoming=self.incoming.change(passwords.incoming_file(), trusts_ca=trusts_ca),
            outgoing=self.outgoing.change(passwords.outgoing_file(), trusts_ca=trusts_ca),
            password=passwords.incoming_password(),
            outgoing_password=passwords.outgoing_password(),
            allow_cleartext=True if consents else None,
        )

    def what_is_missing(self) -> str:
        """The first thing that is missing or wrong, as a sentence; empty when all is there."""
        for part in (self.incoming, self.outgoing):
            if not part.fields.host.text().strip():
                part.fields.host.setFocus()
                return tr("account.no_host")
        if missing := self.passwords.what_is_missing():
            return missing
        for part in (self.incoming, self.outgoing):
            if self.advanced.isChecked() and part.ca_file.path() and not part.ca_file.is_there():
                part.ca_file.setFocus()
                return tr("servers.no_ca_file", file=part.ca_file.path())
        return ""

    def submit(self) -> None:
        """Try what was changed, and keep it."""
        if missing := self.what_is_missing():
            self.problem.tell(missing)
            self._area.show_focused()
            return
        if not self._is_changed():
            self.accept()
            return
        self._be_busy(True)
        self.scope.spawn(self._save(self.command()), name=self.windowTitle())

    def _is_changed(self) -> bool:
        return self.command() != EditAccount(account_id=self._account.id)

    def _accept_certificate(self, certificate: ShownCertificate) -> None:
        part = self.incoming if certificate.side == "incoming" else self.outgoing
        part.fields.accept(certificate)
        self.submit()

    async def _save(self, command: EditAccount) -> None:
        try:
            await command_with_vault(self._window, command)
        finally:
            self._be_busy(False)
        self._window.say(tr("servers.saved", account=account_title(self._account)))
        self.accept()

    def _be_busy(self, busy: bool) -> None:
        self.save_button.setEnabled(not busy)
        self.problem.be_busy(busy)

    def _failed(self, name: str, error: Exception) -> None:
        self.problem.tell_error(name, error)

    def reject(self) -> None:
        """Close, and lose nothing that was typed in silence; the button that cancels says so."""
        self._unkept.settle(super().reject)

    def done(self, result: int) -> None:
        """Close; what is under way is given up."""
        self._window.scope.spawn(self.scope.close(), name=self.windowTitle())
        super().done(result)
