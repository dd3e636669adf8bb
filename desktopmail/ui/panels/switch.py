"""Having an account fetch its mail the other way, after a look at what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.door.commands import SwitchAccount
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.queries import DiscoverAccount, Discovered
from desktopmail.door.rows import Auth, Kind
from desktopmail.tasks import TaskScope
from desktopmail.ui.emptied import empty
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn
from desktopmail.ui.models.mailboxes import account_title
from desktopmail.ui.panels.exposure_line import ExposureLine
from desktopmail.ui.panels.form_area import FormArea
from desktopmail.ui.panels.problem_line import ProblemLine
from desktopmail.ui.panels.server_fields import ServerFields
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.door.certificate import ShownCertificate
    from desktopmail.door.commands import ServerSettings
    from desktopmail.door.interface import StoreReader
    from desktopmail.door.rows import AccountRow
    from desktopmail.ui.window import MainWindow


def other_kind(kind: Kind) -> Kind:
    """The protocol that an account does not use now."""
    return Kind.POP3 if kind is Kind.IMAP else Kind.IMAP


def preview(reader: StoreReader, account: AccountRow) -> list[tuple[str, str]]:
    """What will happen to an account that is switched: the icon and the sentence of each point."""
    stays = trn("switch.stays", sum(box.total for box in reader.mailboxes(account.id)))
    if other_kind(account.kind) is Kind.POP3:
        return [
            ("check", stays),
            ("server", tr("switch.pop3_server")),
            ("inbox", tr("switch.pop3_inbox")),
            ("alert", tr("switch.pop3_only_here")),
        ]
    return [
        ("check", stays),
        ("server", tr("switch.imap_server")),
        ("folder", tr("switch.imap_mailboxes")),
        ("alert", tr("switch.imap_only_here")),
    ]


class SwitchDialog(QDialog):
    """Shows what will happen, asks for the server, switches, and says what came of it."""

    def __init__(self, window: MainWindow, account: AccountRow) -> None:
        super().__init__(window)
        self._window = window
        self._account = account
        self._found: ServerSettings | None = None
        self._typed = False
        self._gone = False  # closed: nothing of it may be touched any more
        self.scope = TaskScope(self._failed)
        self.setWindowTitle(tr("verb.switch_account").rstrip("…"))
        self.setMinimumWidth(window.theme.width(540))
        self._heading = Label("", self)
        self._heading.setProperty("kind", "subject")
        self._heading.setWordWrap(True)
        self.accounts = QComboBox(self)
        self.accounts.setAccessibleName(tr("switch.account"))
        for row in window.accounts():
            self.accounts.addItem(f"{account_title(row)} · {row.kind.value.upper()}", row.id)
        self._points = QVBoxLayout()
        self._points.setSpacing(9)
        self.server = ServerFields("imap", tr("account.incoming"), self)
        self._note = _small(self)
        self._exposure = ExposureLine(self)
        self.problem = ProblemLine(self)
        self.outcome = Label("", self)
        self.outcome.setWordWrap(True)
        self.outcome.hide()
        self.cancel_button = QPushButton(tr("error.cancel"), self)
        self.cancel_button.clicked.connect(self.reject)
        self.switch_button = QPushButton(self)
        self.switch_button.setProperty("kind", "primary")
        self.switch_button.setDefault(True)
        self.switch_button.clicked.connect(self.submit)
        self.problem.accepted.connect(self._accept_certificate)
        self._lay_out()
        self.accounts.currentIndexChanged.connect(self._account_chosen)
        for signal in (self.server.host.textEdited, self.server.port.valueChanged):
            signal.connect(self._server_typed)
        self.server.host.textChanged.connect(self._show_exposure)
        self.server.security.currentIndexChanged.connect(self._show_exposure)
        self.accounts.setCurrentIndex(max(self.accounts.findData(account.id), 0))
        self._show_account()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(9)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        for title, field in (
            (tr("switch.account"), self.accounts),
            (tr("account.incoming"), self.server),
        ):
            label = Label(title, self)
            label.setProperty("kind", "muted")
            label.setBuddy(field)
            form.addRow(label, field)
        parts = QVBoxLayout()
        parts.setSpacing(14)
        parts.addLayout(form)
        parts.addWidget(self._note)
        parts.addWidget(self._exposure)
        parts.addLayout(self._points)
        self._parts = FormArea(parts, self)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel_button)
        buttons.addWidget(self.switch_button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 20, 0, 18)
        lines.setSpacing(14)
        inset = QVBoxLayout()
        inset.setContentsMargins(24, 0, 24, 0)
        inset.addWidget(self._heading)
        lines.addLayout(inset)
        lines.addWidget(self._parts, 1)
        rest = QVBoxLayout()
        rest.setContentsMargins(24, 0, 24, 0)
        rest.setSpacing(14)
        rest.addWidget(self.outcome)
        rest.addWidget(self.problem)
        rest.addLayout(buttons)
        lines.addLayout(rest)

    # ---- what is shown

    def kind(self) -> Kind:
        """How mail is fetched afterwards."""
        return other_kind(self._account.kind)

    def points(self) -> list[str]:
        """The sentences that say what will happen."""
        return [sentence for _, sentence in preview(self._window.reader, self._account)]

    def _account_chosen(self) -> None:
        number = self.accounts.currentData()
        for account in self._window.accounts():
            if account.id == number and account.id != self._account.id:
                self._account = account
                self._show_account()

    def _show_account(self) -> None:
        account, protocol = self._account, self.kind().value
        title = account_title(account)
        self._heading.setText(tr("switch.heading", account=title, protocol=protocol.upper()))
        self.switch_button.setText(tr("switch.do", protocol=protocol.upper()))
        self.problem.forget()
        self._show_points(preview(self._window.reader, account))
        self.server.use_protocol(protocol)
        self.server.security.setCurrentIndex(
            self.server.security.findData(account.incoming.security)
        )
        self.server.host.setText(account.incoming.host)
        self.server.use_usual_port()
        self._found, self._typed = None, False
        self._say(tr("account.looking", domain=account.address.rpartition("@")[2]))
        self._show_exposure()
        self.scope.spawn(self._look_up(account), name=tr("account.incoming"))

    def _show_points(self, points: Sequence[tuple[str, str]]) -> None:
        empty(self._points)
        for icon, sentence in points:
            line = QWidget(self)
            row = QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(10)
            picture = QLabel(line)
            token = "warning" if icon == "alert" else "muted"
            self._window.theme.depict(picture, icon, token, 18)
            words = WrappedLabel(sentence, line)
            row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(words, 1)
            self._points.addWidget(line)

    async def _look_up(self, account: AccountRow) -> None:
        """Fill in the server's other door, unless a person typed one meanwhile."""
        found = None
        try:
            answer = await self._window.door.query(DiscoverAccount(address=account.address))
        except DoorError as error:
            if isinstance(error, EngineGoneError):
                raise
            # Nothing is known of this address: the same server is the best guess.
        else:
            ways = answer.accounts if isinstance(answer, Discovered) else ()
            wanted = other_kind(account.kind)
            found = next((way.incoming for way in ways if way.kind is wanted), None)
        if self._gone or account.id != self._account.id:
            return
        if found is None:
            self._say("" if self._typed else tr("switch.guessed"))
        elif not self._typed:
            self._found = found
            self.server.fill(found)
            self._typed = False
            self._say(tr("switch.found"))
        else:
            self._say("")

    def _server_typed(self) -> None:
        self._typed = True

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))

    def _show_exposure(self) -> None:
        self._exposure.show_ways([self.server.way()])

    # ---- switching

    def submit(self) -> None:
        """Switch."""
        if not self.server.host.text().strip():
            self.server.host.setFocus()
            self.problem.tell(tr("account.no_host"))
            return
        self._be_busy(True)
        # Of the window: what was begun is done and told also when this dialogue is closed.
        self._window.scope.spawn(self._switch(), name=self.windowTitle())

    def _accept_certificate(self, certificate: ShownCertificate) -> None:
        self.server.accept(certificate)
        self.submit()

    def settings(self) -> ServerSettings:
        """The server as it is to be used."""
        user = self._found.user if self._found is not None else self._account.incoming.user
        return self.server.settings(user, Auth.AUTO)

    async def _switch(self) -> None:
        kind, title = self.kind(), account_title(self._account)
        command = SwitchAccount(account_id=self._account.id, kind=kind, incoming=self.settings())
        try:
            outcome = await self._window.door.command(command)
        except DoorError as error:
            if self._gone:
                raise  # the window tells it
            self._be_busy(False)
            self._failed(self.windowTitle(), error)
            return
        self._window.bridge.flush()
        text = tr("switch.done", account=title, protocol=kind.value.upper())
        if outcome.left:
            left = "switch.left" if kind is Kind.IMAP else "switch.by_header"
            text = f"{text} {trn(left, outcome.left)}"
        self._window.say(text)
        if not self._gone:
            self._be_busy(False)
            self._show_outcome(text)

    def _show_outcome(self, text: str) -> None:
        self._parts.hide()
        self.switch_button.hide()
        self.outcome.setText(text)
        self.outcome.setAccessibleName(text)
        self.outcome.show()
        self.cancel_button.setText(tr("switch.close"))
        self.cancel_button.setDefault(True)
        self.cancel_button.setFocus()
        self.adjustSize()

    def _be_busy(self, busy: bool) -> None:
        self._parts.setEnabled(not busy)
        self.switch_button.setEnabled(not busy)
        self.problem.be_busy(busy)
        if busy:
            self._say(tr("switch.working"))

    def _failed(self, name: str, error: Exception) -> None:
        if self._gone:
            return
        self._say("")
        self.problem.tell_error(name, error)

    def done(self, result: int) -> None:
        """Let go; what the engine has begun it finishes, and the window shows it."""
        self._gone = True
        self._window.scope.spawn(self.scope.close(), name=self.windowTitle())
        super().done(result)


def _small(parent: QWidget) -> QLabel:
    label = Label("", parent)
    label.setProperty("kind", "small")
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
