"""A password that is typed is not shown, and the field says what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from desktopmail.ui.secret_field import secret_field

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_what_is_typed_is_not_shown(qtbot: QtBot) -> None:
    form = QWidget()
    qtbot.addWidget(form)
    field = secret_field("Password", form)
    qtbot.keyClicks(field, "tanstaaf")
    assert field.text() == "tanstaaf"
    assert "t" not in field.displayText()
    assert field.accessibleName() == "Password"
    assert field.parentWidget() is form
