"""The SOCKS5 proxy of the profile: where it is, and who uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)

from desktopmail.door import proxy
from desktopmail.door.commands import Password, SetProxy
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.panels.problem_line import ProblemLine
from desktopmail.ui.secret_field import secret_field
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


class ProxyDialog(QDialog):
    """An address, a password, and what is wrong with them; in force once it is kept."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        title = tr("verb.proxy").rstrip("…")
        self.setWindowTitle(title)
        self.setMinimumWidth(window.theme.width(460))
        words = WrappedLabel(tr("proxy.help"), self)
        words.setProperty("kind", "muted")
        self.address = QLineEdit(_kept(window), self)
        self.address.setPlaceholderText("socks5://user@proxy.example.org:1080")
        self.address.setAccessibleName(tr("proxy.address"))
        self.password = secret_field(tr("proxy.password"), self)
        self.password.setPlaceholderText(tr("proxy.unchanged"))
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, field in (
            (tr("proxy.address"), self.address),
            (tr("proxy.password"), self.password),
        ):
            label = Label(title, self)
            label.setProperty("kind", "muted")
            label.setBuddy(field)
            form.addRow(label, field)
        self.problem = ProblemLine(self)
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
        self._be_busy(True)
        try:
            await self._window.door.command(command)
        except DoorError as error:
            self.problem.tell_error(self.windowTitle(), error)
            self.address.setFocus()
            return
        finally:
            self._be_busy(False)
        said = tr("proxy.set", proxy=address) if address else tr("proxy.none")
        self._window.snack.show_text(said)
        self.accept()

    def _be_busy(self, busy: bool) -> None:
        self.keep_button.setEnabled(not busy)
        self.problem.be_busy(busy)


def _kept(window: MainWindow) -> str:
    """The proxy that the profile has, or nothing."""
    folder = window.settings.folder
    return "" if folder is None else proxy.kept(Profile.at(folder))
