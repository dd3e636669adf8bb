"""Small questions that a coroutine can wait for: a name, or yes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
)

from desktopmail.ui.label import Label
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


class TextDialog(QDialog):
    """Asks for one line of text.

    Args:
        parent: The window it belongs to.
        title: What is done with the text.
        label: What the text is.
        text: What stands there at first, selected.
        secret: Show dots in place of the letters.
    """

    def __init__(
        self, parent: QWidget, title: str, label: str, *, text: str = "", secret: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(max(48 * self.fontMetrics().averageCharWidth(), 380))
        words = Label(label, self)
        words.setWordWrap(True)
        self.field = QLineEdit(text, self)
        self.field.setAccessibleName(label)
        if secret:
            self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.selectAll()
        words.setBuddy(self.field)
        buttons = QDialogButtonBox(self)
        self.do_button: QPushButton = buttons.addButton(
            title, QDialogButtonBox.ButtonRole.AcceptRole
        )
        buttons.addButton(tr("ask.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.field.textChanged.connect(self._check)
        self._check()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(8)
        lines.addWidget(words)
        lines.addWidget(self.field)
        lines.addSpacing(8)
        lines.addWidget(buttons)

    def _check(self) -> None:
        self.do_button.setEnabled(bool(self.field.text().strip()))


async def ask_text(
    parent: QWidget, title: str, label: str, *, text: str = "", secret: bool = False
) -> str | None:
    """Ask for a line of text; None when the person changed their mind."""
    dialog = TextDialog(parent, title, label, text=text, secret=secret)
    answer = await _answer(dialog)
    typed = dialog.field.text() if secret else dialog.field.text().strip()
    dialog.deleteLater()
    return typed if answer == QDialog.DialogCode.Accepted else None


async def confirm(parent: QWidget, question: str, text: str, do: str) -> bool:
    """Ask before something that cannot be taken back.

    Args:
        parent: The window it belongs to.
        question: In a few words.
        text: What happens, and what does not.
        do: The word on the button that does it.
    """
    box = QMessageBox(
        QMessageBox.Icon.Warning, "", question, QMessageBox.StandardButton.NoButton, parent
    )
    box.setInformativeText(text)
    yes: QPushButton = box.addButton(do, QMessageBox.ButtonRole.AcceptRole)
    no: QPushButton = box.addButton(tr("ask.cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(no)
    box.setEscapeButton(no)
    await _answer(box)
    is_yes = box.clickedButton() is yes
    box.deleteLater()
    return is_yes


async def _answer(dialog: QDialog) -> int:
    """Open a dialogue and wait until it is closed; exec() would stop all other tasks."""
    closed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    dialog.finished.connect(lambda result: None if closed.done() else closed.set_result(result))
    dialog.setWindowModality(Qt.WindowModality.WindowModal)
    dialog.open()
    try:
        return await closed
    finally:
        dialog.close()
