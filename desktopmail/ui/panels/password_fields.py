"""The passwords of an account: where they are, one for both servers, or another one for sending."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QStackedWidget, QWidget

from desktopmail.door.commands import Password
from desktopmail.ui.language import tr
from desktopmail.ui.panels.file_field import FileField
from desktopmail.ui.secret_field import secret_field

if TYPE_CHECKING:
    from desktopmail.door.queries import PasswordPlace
    from desktopmail.door.rows import AccountRow


class KeptIn(enum.StrEnum):
    """Where the password of an account is: with this program, or where a file of its own says."""

    HERE = "here"
    FILE = "file"


class PasswordFields(QObject):
    """What is typed of passwords; it stands in the form that makes it.

    Signals:
        has_another: Another password for sending has a field, or has it no longer.
    """

    has_another = Signal(bool)

    def __init__(self, account: AccountRow, parent: QWidget) -> None:
        super().__init__(parent)
        self._before = account.incoming.password_file
        self._outgoing_file = account.outgoing.password_file
        self._had_own = self._before is not None and self._outgoing_file != self._before
        self._begins_at_outgoing = False
        self.kept_in = QComboBox(parent)
        self.kept_in.setAccessibleName(tr("account.password"))
        self.kept_in.addItem(tr("servers.in_keyring"), KeptIn.HERE)
        self.kept_in.addItem(tr("servers.in_file"), KeptIn.FILE)
        self.password = secret_field(tr("account.password"), parent)
        title = tr("servers.password_file")
        self.file = FileField(title, self._before, title, parent)
        self.source = QStackedWidget(parent)
        self.source.addWidget(self.password)
        self.source.addWidget(self.file)
        self.kept_in.currentIndexChanged.connect(self.source.setCurrentIndex)
        kept_in = KeptIn.FILE if self._before else KeptIn.HERE
        self.kept_in.setCurrentIndex(self.kept_in.findData(kept_in))
        self.password.setPlaceholderText("" if self._before else tr("servers.password_hint"))
        self.another = QCheckBox(tr("servers.another_password"), parent)
        self.outgoing = secret_field(tr("servers.outgoing_password"), parent)
        self.another.toggled.connect(self.has_another)
        self._show_own()

    def fill(self, place: PasswordPlace) -> None:
        """Show where passwords are kept, and whether sending has one of its own."""
        if place.in_vault:
            self.kept_in.setItemText(self.kept_in.findData(KeptIn.HERE), tr("servers.in_vault"))
        if place.has_own_outgoing and not self._had_own:
            self._had_own = True
            self._show_own()
            if self._begins_at_outgoing:
                self.outgoing.setFocus()

    def _show_own(self) -> None:
        self.another.setChecked(self._had_own)
        self.outgoing.setPlaceholderText(tr("servers.password_hint") if self._had_own else "")

    def begin(self, *, outgoing: bool = False) -> None:
        """Put the cursor where the password of a server, or its file, is typed."""
        self._begins_at_outgoing = outgoing
        if outgoing and self.another.isChecked():
            self.outgoing.setFocus()
        else:
            (self.file if self._is_file else self.password).setFocus()

    @property
    def _is_file(self) -> bool:
        return bool(self.kept_in.currentData() == KeptIn.FILE)

    def incoming_password(self) -> Password | None:
        """The one that was typed for both servers, or for the incoming one alone."""
        typed = "" if self._is_file else self.password.text()
        return Password(typed) if typed else None

    def outgoing_password(self) -> Password | None:
        """The one that was typed for sending; empty where it goes, None where all stays."""
        typed = self.outgoing.text()
        if self.another.isChecked():
            return Password(typed) if typed else None
        return Password("") if self._had_own else None

    def incoming_file(self) -> str | None:
        """The file, empty where there is none any more."""
        if self._is_file:
            return self.file.path()
        return "" if self._before is not None else None

    def outgoing_file(self) -> str | None:
        """The same for sending: its own password is in no file once it was typed."""
        if not self.another.isChecked():
            return self.incoming_file()
        return "" if self.outgoing.text() and self._outgoing_file is not None else None

    def what_is_missing(self) -> str:
        """The first thing that is missing, as a sentence, with the cursor there; or empty."""
        if self._is_file:
            if not self.file.is_there():
                self.file.setFocus()
                file = self.file.path()
                return tr("servers.no_file", file=file) if file else tr("servers.no_file_named")
        elif self._before is not None and not self.password.text():
            self.password.setFocus()
            return tr("servers.no_password")
        if self.another.isChecked() and not self._had_own and not self.outgoing.text():
            self.outgoing.setFocus()
            return tr("servers.no_outgoing_password")
        return ""
