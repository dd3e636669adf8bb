"""Host, port and security of one server, and how to log in there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSpinBox, QWidget

from desktopmail.door.commands import ServerSettings
from desktopmail.door.rows import Auth, Security
from desktopmail.ui.language import tr
from desktopmail.ui.panels.exposure_line import Way

if TYPE_CHECKING:
    from desktopmail.door.certificate import ShownCertificate

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

_HOST_LETTERS = 15  # to be seen, at least


class ServerFields(QWidget):
    """Host, port and security of one server; the port follows the security until it is changed."""

    def __init__(self, protocol: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._protocol = protocol
        self._title = title
        self._filled: ServerSettings | None = None
        self._accepted: dict[tuple[str, int], tuple[str, ...]] = {}
        self.host = QLineEdit(self)
        self.host.setAccessibleName(f"{title}: {tr('account.host')}")
        self.host.setPlaceholderText(tr("account.host"))
        self.host.setMinimumWidth(_HOST_LETTERS * self.host.fontMetrics().averageCharWidth())
        self.port = QSpinBox(self)
        self.port.setRange(1, 65535)
        self.port.setGroupSeparatorShown(False)
        self.port.setFixedWidth(max(2 * self.port.fontMetrics().horizontalAdvance("65535"), 84))
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

    def way(self, auth: Auth = Auth.AUTO) -> Way:
        """How a password would get there."""
        return Way(self._title, self.host.text(), self.chosen_security(), auth)

    def fill(self, found: ServerSettings) -> None:
        """Show what was found, and keep what no field shows: whose certificates to trust."""
        self._filled = found
        self.host.setText(found.host)
        self.security.setCurrentIndex(self.security.findData(found.security))
        self.port.setValue(found.port)

    def accept(self, certificate: ShownCertificate) -> None:
        """Trust a certificate where it was shown."""
        where = (certificate.host, certificate.port)
        self._accepted[where] = (*self._accepted.get(where, ()), certificate.fingerprint)

    def pins(self) -> tuple[str, ...]:
        """The certificates that were accepted of the server that is named now."""
        return self._accepted.get((self._named(), self.port.value()), ())

    def _named(self) -> str:
        return self.host.text().strip().strip("[]")

    def settings(self, user: str, auth: Auth, ca_file: str = "") -> ServerSettings:
        """What was typed, and what was found for that host; a CA file that is named counts."""
        host = self._named()
        found = self._filled if self._filled is not None and self._filled.host == host else None
        return ServerSettings(
            host=host,
            ca_file=ca_file or (found.ca_file if found is not None else None),
            port=self.port.value(),
            security=self.chosen_security(),
            auth=auth,
            user=user,
            pins=self.pins(),
        )

    def _follow(self) -> None:
        self.port.setValue(_PORTS[self._protocol, self.chosen_security()])


class AuthBox(QComboBox):
    """The ways to log in that a protocol has."""

    def __init__(self, protocol: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(f"{title}: {tr('servers.auth')}")
        for auth in Auth:
            if auth is not Auth.APOP or protocol == "pop3":  # RFC 1939: POP3 alone has it
                self.addItem(tr(f"auth.{auth.value}"), auth)

    def chosen(self) -> Auth:
        """The way that is chosen."""
        return Auth(self.currentData())

    def choose(self, auth: Auth) -> None:
        """Show this one; one that the protocol has not becomes the automatic one."""
        self.setCurrentIndex(max(self.findData(auth), 0))
