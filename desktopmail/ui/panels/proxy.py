"""The SOCKS5 proxy of the profile: where it is, and who uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from desktopmail.door.commands import Password, SetProxy
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said_of

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.ui.window import MainWindow


class ProxyDialog(QDialog):
    """An address, a password, and what is wrong with them; in force once it is kept."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        title = tr("verb.proxy").rstrip("…")
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        words = QLabel(tr("proxy.help"), self)
        words.setProperty("kind", "muted")
        words.setWordWrap(True)
        self.address = QLineEdit(kept_proxy(window.settings.folder), self)
        self.address.setPlaceholderText("socks5://user@proxy.example.org:1080")
        self.address.setAccessibleName(tr("proxy.address"))
        self.password = QLineEdit(self)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(tr("proxy.unchanged"))
        self.password.setAccessibleName(tr("proxy.password"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(tr("proxy.address"), self.address)
        form.addRow(tr("proxy.password"), self.password)
        self.problem = QLabel(self)
        self.problem.setProperty("kind", "error")
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setWordWrap(True)
        self.problem.hide()
        cancel = QPushButton(tr("ask.cancel"), self)
        cancel.clicked.connect(self.reject)
        self.keep_button = QPushButton(tr("proxy.keep"), self)
        self.keep_button.setProperty("kind", "primary")
        self.keep_button.setDefault(True)
        self.keep_button.clicked.connect(lambda: window.scope.spawn(self._keep(), name=title))
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.keep_button)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(22, 18, 22, 16)
        lines.setSpacing(12)
        lines.addWidget(words)
        lines.addLayout(form)
        lines.addWidget(self.problem)
        lines.addStretch(1)
        lines.addLayout(buttons)

    async def _keep(self) -> None:
        address = self.address.text().strip()
        secret = self.password.text()
        command = SetProxy(proxy=address, password=Password(secret) if secret else None)
        try:
            await self._window.door.command(command)
        except DoorError as error:
            self.problem.setText(said_of(error))
            self.problem.show()
            self.address.setFocus()
            return
        said = tr("proxy.set", proxy=address) if address else tr("proxy.none")
        self._window.snack.show_text(said)
        self.accept()


def kept_proxy(folder: Path | None) -> str:
    """The proxy that the profile in this folder has, or nothing."""
    file = Profile.at(folder).settings if folder is not None else None
    if file is None or not file.exists():
        return ""
    import tomllib

    return str(tomllib.loads(file.read_text(encoding="utf-8")).get("proxy", ""))
