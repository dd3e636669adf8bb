"""A field for what nobody may read over a shoulder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QLineEdit

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget


def secret_field(name: str, parent: QWidget) -> QLineEdit:
    """Return a line for a password or a pass phrase, which shows dots.

    Args:
        name: What it is for; a screen reader says it.
        parent: The form.
    """
    field = QLineEdit(parent)
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    return field
