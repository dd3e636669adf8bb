"""Small questions that a coroutine can wait for: a name, or yes."""

from __future__ import annotations

import asyncio
import enum
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
from desktopmail.ui.secret_field import secret_field
from desktopmail.ui.wrapped import WrappedLabel

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
        self.field = secret_field(label, self) if secret else QLineEdit(self)
        self.field.setAccessibleName(label)
        self.field.setText(text)
        self.field.selectAll()
        buttons, self.do_button = _buttons(self, title)
        self.field.textChanged.connect(self._check)
        self._check()
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(8)
        lines.addWidget(_words_for(label, self.field, self))
        lines.addWidget(self.field)
        lines.addSpacing(8)
        lines.addWidget(buttons)

    def _check(self) -> None:
        self.do_button.setEnabled(bool(self.field.text().strip()))


class NewSecretDialog(QDialog):
    """Asks for a secret that nobody can tell again, twice, so that it is the one that was meant.

    Args:
        parent: The window it belongs to.
        title: What is done with the secret.
        label: What the secret is for.
        loss: What is lost with it.
    """

    def __init__(self, parent: QWidget, title: str, label: str, loss: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(max(48 * self.fontMetrics().averageCharWidth(), 380))
        self.field = secret_field(label, self)
        self.again = secret_field(tr("ask.again"), self)
        self.problem = Label("", self)
        self.problem.setProperty("kind", "error")
        buttons, self.do_button = _buttons(self, title)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(20, 18, 20, 16)
        lines.setSpacing(8)
        for words, field in ((label, self.field), (tr("ask.again"), self.again)):
            lines.addWidget(_words_for(words, field, self))
            lines.addWidget(field)
            field.textChanged.connect(self._check)
            field.editingFinished.connect(self._check)
        lines.addWidget(self.problem)
        lines.addSpacing(4)
        warning = WrappedLabel(loss, self)
        warning.setProperty("kind", "muted")
        lines.addWidget(warning)
        lines.addSpacing(8)
        lines.addWidget(buttons)
        self._check()

    def _check(self) -> None:
        secret, again = self.field.text(), self.again.text()
        self.do_button.setEnabled(bool(secret.strip()) and secret == again)
        is_typing = self.again.hasFocus() and secret.startswith(again)
        differs = bool(again) and secret != again and not is_typing
        self.problem.setText(tr("ask.differ") if differs else "")


def _buttons(dialog: QDialog, title: str) -> tuple[QDialogButtonBox, QPushButton]:
    """The buttons that do what a dialog asks about, and that leave it; and the first of them."""
    buttons = QDialogButtonBox(dialog)
    do_button = buttons.addButton(title, QDialogButtonBox.ButtonRole.AcceptRole)
    buttons.addButton(tr("ask.cancel"), QDialogButtonBox.ButtonRole.RejectRole)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    return buttons, do_button


def _words_for(label: str, field: QLineEdit, parent: QWidget) -> Label:
    words = Label(label, parent)
    words.setWordWrap(True)
    words.setBuddy(field)
    return words


async def ask_new_secret(parent: QWidget, title: str, label: str, loss: str) -> str | None:
    """Ask for a new secret, see `NewSecretDialog`; None when the person changed their mind."""
    dialog = NewSecretDialog(parent, title, label, loss)
    answer = await _answer(dialog)
    typed = dialog.field.text()
    dialog.deleteLater()
    return typed if answer == QDialog.DialogCode.Accepted else None


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


class Leaving(enum.Enum):
    """What becomes of what was typed and not kept, when a person is about to leave it."""

    KEEP = enum.auto()
    DISCARD = enum.auto()
    STAY = enum.auto()


async def ask_to_keep(parent: QWidget) -> Leaving:
    """Ask what becomes of what was typed, before it would be gone."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        "",
        tr("unkept.question"),
        QMessageBox.StandardButton.NoButton,
        parent,
    )
    box.setInformativeText(tr("unkept.text"))
    keep: QPushButton = box.addButton(tr("unkept.keep"), QMessageBox.ButtonRole.AcceptRole)
    discard: QPushButton = box.addButton(
        tr("unkept.discard"), QMessageBox.ButtonRole.DestructiveRole
    )
    stay: QPushButton = box.addButton(tr("ask.cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(keep)
    box.setEscapeButton(stay)
    await _answer(box)
    pressed = box.clickedButton()
    box.deleteLater()
    if pressed is keep:
        return Leaving.KEEP
    return Leaving.DISCARD if pressed is discard else Leaving.STAY


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
