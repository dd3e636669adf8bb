"""Setting up an account: address, password, servers; checked before anything is kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import AddAccount, Password, ServerSettings
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import DiscoverAccount, Discovered
from desktopmail.door.rows import Auth, Kind, Security
from desktopmail.mime import address
from desktopmail.ui.commands.open_vault import open_vault
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said_of
from desktopmail.ui.tasks import TaskScope

if TYPE_CHECKING:
    from desktopmail.door.queries import DiscoveredAccount
    from desktopmail.ui.window import MainWindow

_PORTS = {
    ("imap", Security.TLS): 993,
    ("imap", Security.STARTTLS): 143,
    ("imap", Security.NONE): 143,
    ("pop3", Security.TLS): 995,
    ("pop3", Security.STARTTLS): 110,
    ("pop3", Security.NONE): 110,
    ("smtp", Security.TLS): 465,
    ("smtp", Security.STARTTLS): 587,
    ("smtp", Security.NONE): 25,
}
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ServerFields(QWidget):
    """Host, port and security of one server; the port follows the security until it is changed."""

    def __init__(self, protocol: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._protocol = protocol
        self._filled: ServerSettings | None = None
        self.host = QLineEdit(self)
        self.host.setAccessibleName(f"{title}: {tr('account.host')}")
        self.host.setPlaceholderText(tr("account.host"))
        self.port = QSpinBox(self)
        self.port.setRange(1, 65535)
        self.port.setGroupSeparatorShown(False)
        self.port.setFixedWidth(84)
        self.port.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.port.setAccessibleName(f"{title}: {tr('account.port')}")
        self.security = QComboBox(self)
        self.security.setAccessibleName(f"{title}: {tr('account.security')}")
        for security in Security:
            self.security.addItem(tr(f"security.{security.value}"), security)
        self.security.currentIndexChanged.connect(self._follow)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.host, 1)
        row.addWidget(self.port)
        row.addWidget(self.security)
        self._follow()

    def use_protocol(self, protocol: str) -> None:
        """Speak another protocol: another usual port."""
        usual = self.port.value() in {
            port for (name, _), port in _PORTS.items() if name == self._protocol
        }
        self._protocol = protocol
        if usual:
            self._follow()

    def use_usual_port(self) -> None:
        """Go to the port that the protocol has by custom."""
        self._follow()

    def chosen_security(self) -> Security:
        """How the connection is to be protected."""
        return Security(self.security.currentData())

    def fill(self, found: ServerSettings) -> None:
        """Show what was found, and keep what no field shows: whose certificates to trust."""
        self._filled = found
        self.host.setText(found.host)
        self.security.setCurrentIndex(self.security.findData(found.security))
        self.port.setValue(found.port)

    def settings(self, user: str, auth: Auth) -> ServerSettings:
        """What was typed, and what was found for that host."""
        host = self.host.text().strip().strip("[]")
        found = self._filled if self._filled is not None and self._filled.host == host else None
        return ServerSettings(
            host=host,
            ca_file=found.ca_file if found is not None else None,
            port=self.port.value(),
            security=self.chosen_security(),
            auth=auth,
            user=user,
        )

    def _follow(self) -> None:
        self.port.setValue(_PORTS[self._protocol, self.chosen_security()])


class AccountDialog(QDialog):
    """Asks for what an account needs, and says how the password would travel."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._hosts_typed = False
        self.scope = TaskScope(self._failed)
        self.setWindowTitle(tr("account.title"))
        self.setMinimumWidth(540)
        self.name = self._line(tr("account.your_name"), tr("account.your_name_hint"))
        self.address = self._line(tr("account.address"), "anna@example.org")
        self.password = self._line(tr("account.password"), "")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.user = self._line(tr("account.user"), tr("account.user_hint"))
        self.imap = QRadioButton(tr("account.imap"), self)
        self.pop3 = QRadioButton(tr("account.pop3"), self)
        self.imap.setChecked(True)
        kinds = QButtonGroup(self)
        kinds.addButton(self.imap)
        kinds.addButton(self.pop3)
        self._kind_help = QLabel(tr("account.imap_help"), self)
        self._kind_help.setProperty("kind", "small")
        self._kind_help.setWordWrap(True)
        self.incoming = ServerFields("imap", tr("account.incoming"), self)
        self.outgoing = ServerFields("smtp", tr("account.outgoing"), self)
        self.found = QLabel(self)
        self.found.setProperty("kind", "small")
        self.found.setWordWrap(True)
        self.found.hide()
        self._found: tuple[DiscoveredAccount, ...] = ()
        self._asked = ""
        self._looked = asyncio.Event()  # nothing is being looked up
        self._looked.set()
        self.exposure = QLabel(self)
        self.exposure.setProperty("kind", "small")
        self.exposure.setWordWrap(True)
        self.consent = QCheckBox(tr("account.consent"), self)
        self.problem = QLabel(self)
        self.problem.setProperty("kind", "error")
        self.problem.setWordWrap(True)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem.hide()
        self._busy = QProgressBar(self)
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.hide()
        self.add_button = QPushButton(tr("account.add"), self)
        self.add_button.setProperty("kind", "primary")
        self.add_button.setDefault(True)
        cancel = QPushButton(tr("error.cancel"), self)
        cancel.clicked.connect(self.reject)
        self.add_button.clicked.connect(self.submit)
        self._lay_out(cancel)
        self.address.textEdited.connect(self._guess_hosts)
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
            )
        ):
            if field is None:
                rule = QFrame(self)
                rule.setProperty("kind", "rule")
                grid.addWidget(rule, row, 0, 1, 2)
            else:
                if name:
                    label = QLabel(name, self)
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
        heading = QLabel(tr("account.heading"), self)
        heading.setProperty("kind", "subject")
        # With large letters the form is higher than a small screen: it scrolls then.
        form = QWidget(self)
        form.setObjectName("accountForm")
        form_lines = QVBoxLayout(form)
        form_lines.setContentsMargins(24, 0, 24, 0)
        form_lines.addLayout(grid)
        form_lines.addStretch(1)
        area = QScrollArea(self)
        area.setWidget(form)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(max(self.minimumWidth(), form_lines.minimumSize().width()))
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 20, 0, 18)
        lines.setSpacing(14)
        for part in (heading, self.problem, self._busy):
            part.setContentsMargins(24, 0, 24, 0)
        buttons.setContentsMargins(24, 0, 24, 0)
        lines.addWidget(heading)
        lines.addWidget(area, 1)
        lines.addWidget(self.problem)
        lines.addWidget(self._busy)
        lines.addLayout(buttons)
        self.resize(self.minimumWidth(), form_lines.sizeHint().height() + 150)

    # ---- following what is typed

    def kind(self) -> Kind:
        """How mail is fetched."""
        return Kind.IMAP if self.imap.isChecked() else Kind.POP3

    def _host_typed(self) -> None:
        self._hosts_typed = True

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
            return
        self.incoming.fill(found.incoming)
        self.outgoing.fill(found.outgoing)
        self.user.setText(found.incoming.user)
        note = tr("account.browser_only") if found.browser_only else found.note
        self._say_found(f"{tr('account.found', source=found.source)} {note}".strip())

    def _say_found(self, text: str) -> None:
        self.found.setText(text)
        self.found.setVisible(bool(text))

    def _kind_changed(self) -> None:
        kind = self.kind()
        self._kind_help.setText(tr(f"account.{kind.value}_help"))
        self.incoming.use_protocol(kind.value)
        self._guess_hosts(self.address.text())
        self._use_found()

    def _in_the_clear(self) -> bool:
        return any(
            fields.chosen_security() is Security.NONE
            and fields.host.text().strip().lower() not in LOOPBACK
            for fields in (self.incoming, self.outgoing)
        )

    def _show_exposure(self) -> None:
        securities = {self.incoming.chosen_security(), self.outgoing.chosen_security()}
        clear = self._in_the_clear()
        if clear:
            key = "exposure.clear"
        elif Security.NONE in securities:
            key = "exposure.local"
        else:
            key = "exposure.tls"
        self.exposure.setText(tr(key))
        self.exposure.setProperty("kind", "error" if clear else "small")
        self.exposure.style().unpolish(self.exposure)
        self.exposure.style().polish(self.exposure)
        self.consent.setVisible(clear)

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
        if self._in_the_clear() and not self.consent.isChecked():
            self.consent.setFocus()
            return tr("account.no_consent")
        return ""

    def submit(self) -> None:
        """Check the account at its servers and add it."""
        missing = self.what_is_missing()
        if missing:
            self._show_problem(missing)
            return
        self.problem.hide()
        self._busy.show()
        self.add_button.setEnabled(False)
        self.scope.spawn(self._add(), name=tr("account.add"))

    async def _add(self) -> None:
        mail = self.address.text().strip()
        try:
            if not self._hosts_typed:
                await self._looked.wait()  # what is found is better than what was guessed
            user = self.user.text().strip()
            await self._add_to_engine(
                AddAccount(
                    name=mail,
                    address=mail,
                    display_name=self.name.text().strip(),
                    kind=self.kind(),
                    incoming=self.incoming.settings(user, Auth.AUTO),
                    outgoing=self.outgoing.settings(user, Auth.AUTO),
                    password=Password(self.password.text()),
                    check=True,
                    allow_cleartext=self.consent.isChecked(),
                )
            )
        finally:
            self._busy.hide()
            self.add_button.setEnabled(True)
        self.accept()

    async def _add_to_engine(self, command: AddAccount) -> None:
        """Add the account; where there is no keyring, open the vault for its password first."""
        try:
            await self._window.door.command(command)
        except DoorError as error:
            if error.code != "no-keyring" or not await open_vault(self._window):
                raise
            await self._window.door.command(command)

    def _failed(self, _name: str, error: Exception) -> None:
        if isinstance(error, DoorError):
            self._show_problem(said_of(error))
        else:
            self._show_problem(tr("error.unexpected", what=tr("account.add"), error=str(error)))

    def _show_problem(self, text: str) -> None:
        self.problem.setText(text)
        self.problem.setAccessibleName(text)
        self.problem.show()

    def done(self, result: int) -> None:
        """Stop what is still being tried."""
        self._window.scope.spawn(self.scope.close(), name=tr("account.title"))
        super().done(result)
