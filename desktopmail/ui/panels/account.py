"""Setting up an account: address, password, servers; checked before anything is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import AddAccount, Password
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import DiscoverAccount, Discovered
from desktopmail.door.rows import Auth, Kind
from desktopmail.mime import address
from desktopmail.tasks import TaskScope
from desktopmail.ui.commands.open_vault import command_with_vault
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.panels.consent import Consent
from desktopmail.ui.panels.exposure_line import ExposureLine
from desktopmail.ui.panels.file_field import FileField
from desktopmail.ui.panels.form_area import FormArea
from desktopmail.ui.panels.problem_line import ProblemLine
from desktopmail.ui.panels.server_fields import ServerFields
from desktopmail.ui.panels.unkept import Unkept
from desktopmail.ui.secret_field import secret_field
from desktopmail.ui.sentences import said, said_of

if TYPE_CHECKING:
    from desktopmail.door.certificate import ShownCertificate
    from desktopmail.door.queries import DiscoveredAccount
    from desktopmail.ui.window import MainWindow


class AccountDialog(QDialog):
    """Asks for what an account needs, and says how the password would travel."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._hosts_typed = False
        self.scope = TaskScope(self._failed)
        self.setWindowTitle(tr("account.title"))
        self.setMinimumWidth(window.theme.width(540))
        self.name = self._line(tr("account.your_name"), tr("account.your_name_hint"))
        self.address = self._line(tr("account.address"), "anna@example.org")
        self.password = secret_field(tr("account.password"), self)
        self.user = self._line(tr("account.user"), tr("account.user_hint"))
        self.imap = QRadioButton(tr("account.imap"), self)
        self.pop3 = QRadioButton(tr("account.pop3"), self)
        self.imap.setChecked(True)
        kinds = QButtonGroup(self)
        kinds.addButton(self.imap)
        kinds.addButton(self.pop3)
        self._kind_help = Label(tr("account.imap_help"), self)
        self._kind_help.setProperty("kind", "small")
        self._kind_help.setWordWrap(True)
        self.incoming = ServerFields("imap", tr("account.incoming"), self)
        self.outgoing = ServerFields("smtp", tr("account.outgoing"), self)
        self.found = Label("", self)
        self.found.setProperty("kind", "small")
        self.found.setWordWrap(True)
        self.found.hide()
        self._found: tuple[DiscoveredAccount, ...] = ()
        self._asked = ""
        self._looked = asyncio.Event()  # nothing is being looked up
        self._looked.set()
        self.exposure = ExposureLine(self)
        self.consent = Consent(tr("account.consent"), self)
        self.advanced = QCheckBox(tr("servers.advanced"), self)
        self.ca_file = FileField(tr("servers.ca_file"), None, tr("servers.ca_file"), self)
        self.ca_file.hide()
        self.advanced.toggled.connect(self.ca_file.setVisible)
        self.problem = ProblemLine(self)
        self.add_button = QPushButton(tr("account.add"), self)
        self.add_button.setProperty("kind", "primary")
        self.add_button.setDefault(True)
        cancel = QPushButton(tr("error.cancel"), self)
        cancel.clicked.connect(lambda: self.done(QDialog.DialogCode.Rejected))
        self._unkept = Unkept(self, window.scope, self._is_typed)
        self.problem.accepted.connect(self._accept_certificate)
        self.add_button.clicked.connect(self.submit)
        self._lay_out(cancel)
        self.address.textEdited.connect(self._address_typed)
        self.address.editingFinished.connect(self._discover)
        for field in (self.incoming.host, self.outgoing.host):
            field.textEdited.connect(self._host_typed)
        self.imap.toggled.connect(self._kind_changed)
        for fields in (self.incoming, self.outgoing):
            fields.security.currentIndexChanged.connect(self._show_exposure)
            fields.host.textChanged.connect(self._show_exposure)
        self._show_exposure()

    def _line(self, name: str, hint: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setAccessibleName(name)
        field.setPlaceholderText(hint)
        return field

    def _lay_out(self, cancel: QPushButton) -> None:
        kinds = QHBoxLayout()
        kinds.setSpacing(18)
        kinds.addWidget(self.imap)
        kinds.addWidget(self.pop3)
        kinds.addStretch(1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(9)
        grid.setColumnStretch(1, 1)
        for row, (name, field) in enumerate(
            (
                (tr("account.your_name"), self.name),
                (tr("account.address"), self.address),
                (tr("account.password"), self.password),
                ("", None),
                (tr("account.kind"), kinds),
                ("", self._kind_help),
                (tr("account.incoming"), self.incoming),
                (tr("account.outgoing"), self.outgoing),
                ("", self.found),
                (tr("account.user"), self.user),
                ("", self.exposure),
                ("", self.consent),
                ("", self.advanced),
                ("", self.ca_file),
            )
        ):
            if field is None:
                rule = QFrame(self)
                rule.setProperty("kind", "rule")
                grid.addWidget(rule, row, 0, 1, 2)
            else:
                if name:
                    label = Label(name, self)
                    label.setProperty("kind", "muted")
                    grid.addWidget(label, row, 0)
                    if isinstance(field, QWidget):
                        label.setBuddy(field)
                if isinstance(field, QWidget):
                    grid.addWidget(field, row, 1)
                else:
                    grid.addLayout(field, row, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.add_button)
        heading = Label(tr("account.heading"), self)
        heading.setProperty("kind", "subject")
        self._area = area = FormArea(grid, self)
        self.setMinimumWidth(max(self.minimumWidth(), area.least_width()))
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 20, 0, 18)
        lines.setSpacing(14)
        for part in (heading, self.problem):
            part.setContentsMargins(24, 0, 24, 0)
        buttons.setContentsMargins(24, 0, 24, 0)
        lines.addWidget(heading)
        lines.addWidget(area, 1)
        lines.addWidget(self.problem)
        lines.addLayout(buttons)
        self.adjustSize()

    # ---- following what is typed

    def kind(self) -> Kind:
        """How mail is fetched."""
        return Kind.IMAP if self.imap.isChecked() else Kind.POP3

    def _host_typed(self) -> None:
        self._hosts_typed = True

    def _address_typed(self, typed: str) -> None:
        """What is said of the address that stood there before holds no longer."""
        if typed.strip() != self._asked:
            self._say_found("")
        if self.problem.text() == tr("account.bad_address"):
            self.problem.forget()
        self._guess_hosts(typed)

    def _guess_hosts(self, typed: str) -> None:
        domain = typed.strip().rpartition("@")[2] if "@" in typed else ""
        if domain and not self._hosts_typed:
            self.incoming.host.setText(f"{self.kind().value.rstrip('3')}.{domain}")
            self.outgoing.host.setText(f"smtp.{domain}")

    def _discover(self) -> None:
        mail = self.address.text().strip()
        if self._hosts_typed or mail == self._asked or not address.is_valid(mail):
            return
        self._asked = mail
        self._say_found(tr("account.looking", domain=mail.rpartition("@")[2]))
        self._looked.clear()
        self.scope.spawn(self._look_up(mail), name=tr("account.heading"))

    async def _look_up(self, mail: str) -> None:
        try:
            answer = await self._window.door.query(DiscoverAccount(address=mail))
        except DoorError as error:
            self._say_found(said_of(error))
            return
        finally:
            if mail == self._asked:
                self._looked.set()
        if isinstance(answer, Discovered) and mail == self.address.text().strip():
            self._found = answer.accounts
            self._use_found()

    def _use_found(self) -> None:
        """Fill in what was found for the kind chosen, unless a person typed servers."""
        found = next((it for it in self._found if it.kind is self.kind()), None)
        if found is None or self._hosts_typed:
            self._say_found("")  # nor is anything looked up any more
            return
        self.incoming.fill(found.incoming)
        self.outgoing.fill(found.outgoing)
        self.user.setText(found.incoming.user)
        note = tr("account.browser_only") if found.browser_only else said(found.note)
        source = said(found.source)
        self._say_found(f"{tr('account.found', source=source)} {note}".strip())

    def _say_found(self, text: str) -> None:
        self.found.setText(text)
        self.found.setVisible(bool(text))

    def _kind_changed(self) -> None:
        kind = self.kind()
        self._kind_help.setText(tr(f"account.{kind.value}_help"))
        self.incoming.use_protocol(kind.value)
        self._guess_hosts(self.address.text())
        if self._found:
            self._use_found()

    def _show_exposure(self) -> None:
        self.exposure.show_ways([self.incoming.way(), self.outgoing.way()])
        self.consent.setVisible(self.exposure.needs_consent)

    # ---- adding it

    def what_is_missing(self) -> str:
        """The first thing that is missing or wrong, as a sentence; empty when all is there."""
        if not address.is_valid(self.address.text().strip()):
            self.address.setFocus()
            return tr("account.bad_address")
        for fields in (self.incoming, self.outgoing):
            if not fields.host.text().strip():
                fields.host.setFocus()
                return tr("account.no_host")
        if self.exposure.needs_consent and not self.consent.is_given:
            self.consent.setFocus()
            return tr("account.no_consent")
        if self.advanced.isChecked() and self.ca_file.path() and not self.ca_file.is_there():
            self.ca_file.setFocus()
            return tr("servers.no_ca_file", file=self.ca_file.path())
        return ""

    def submit(self) -> None:
        """Check the account at its servers and add it."""
        missing = self.what_is_missing()
        if missing:
            self.problem.tell(missing)
            self._area.show_focused()
            return
        self._be_busy(True)
        self.scope.spawn(self._add(), name=tr("account.add"))

    def _accept_certificate(self, certificate: ShownCertificate) -> None:
        fields = self.incoming if certificate.side == "incoming" else self.outgoing
        fields.accept(certificate)
        self.submit()

    async def _add(self) -> None:
        mail = self.address.text().strip()
        ca_file = self.ca_file.path() if self.advanced.isChecked() else ""
        try:
            if not self._hosts_typed:
                await self._looked.wait()  # what is found is better than what was guessed
            user = self.user.text().strip()
            await command_with_vault(
                self._window,
                AddAccount(
                    name=mail,
                    address=mail,
                    display_name=self.name.text().strip(),
                    kind=self.kind(),
                    incoming=self.incoming.settings(user, Auth.AUTO, ca_file),
                    outgoing=self.outgoing.settings(user, Auth.AUTO, ca_file),
                    password=Password(self.password.text()),
                    check=True,
                    allow_cleartext=self.consent.is_given,
                ),
            )
        finally:
            self._be_busy(False)
        self.accept()

    def _be_busy(self, busy: bool) -> None:
        self.add_button.setEnabled(not busy)
        self.problem.be_busy(busy)

    def _failed(self, name: str, error: Exception) -> None:
        self.problem.tell_error(name, error)

    def _is_typed(self) -> bool:
        return any(it.text() for it in (self.name, self.address, self.password))

    def reject(self) -> None:
        """Close, and lose nothing that was typed in silence; the button that cancels says so."""
        self._unkept.settle(super().reject)

    def done(self, result: int) -> None:
        """Stop what is still being tried."""
        self._window.scope.spawn(self.scope.close(), name=tr("account.title"))
        super().done(result)
