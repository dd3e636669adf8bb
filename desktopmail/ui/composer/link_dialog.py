"""Asks where a link leads and what it says."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from desktopmail.mime import address
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr

_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)\S+", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[/?#:]\S*)?")


def completed_url(typed: str) -> str:
    """Return what was typed as a URL mail may hold; empty where it is none."""
    typed = typed.strip()
    if _SCHEME.fullmatch(typed):
        return typed
    if address.is_valid(typed):
        return f"mailto:{typed}"
    return f"https://{typed}" if _HOST.fullmatch(typed) else ""


class LinkDialog(QDialog):
    """Two fields: the target and the words.

    Signals:
        chosen: A link was made: (URL, words); an empty URL takes the link off.
    """

    chosen = Signal(str, str)

    def __init__(self, url: str, words: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("link.title"))
        self.target = QLineEdit(url, self)
        self.target.setPlaceholderText("https://")
        self.target.setMinimumWidth(340)
        self.words = QLineEdit(words, self)
        self._wrong = Label("", self)
        self._wrong.setProperty("kind", "error")
        self._wrong.setWordWrap(True)
        self._wrong.hide()
        form = QFormLayout()
        form.addRow(tr("link.target"), self.target)
        form.addRow(tr("link.words"), self.words)
        buttons = QDialogButtonBox(self)
        make = buttons.addButton(tr("link.make"), QDialogButtonBox.ButtonRole.AcceptRole)
        make.setProperty("kind", "primary")
        buttons.addButton(tr("error.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        if url:
            remove = buttons.addButton(tr("link.remove"), QDialogButtonBox.ButtonRole.ResetRole)
            remove.clicked.connect(self._remove)
        buttons.accepted.connect(self._make)
        buttons.rejected.connect(self.reject)
        lines = QVBoxLayout(self)
        lines.setSpacing(12)
        lines.addLayout(form)
        lines.addWidget(self._wrong)
        lines.addWidget(buttons)

    def _make(self) -> None:
        url = completed_url(self.target.text())
        if not url:
            self._wrong.setText(tr("link.wrong"))
            self._wrong.show()
            self.target.setFocus()
            return
        self.chosen.emit(url, self.words.text().strip() or self.target.text().strip())
        self.accept()

    def _remove(self) -> None:
        self.chosen.emit("", "")
        self.accept()
