"""A label: plain words that begin where reading begins in its window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt

from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.label import Label, leading
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("kind", [Label, ElidedLabel, WrappedLabel])
@pytest.mark.parametrize("text", ["Walk on Sunday?", "פגישה ביום חמישי"])
def test_it_begins_where_its_window_begins_in_every_script(
    qtbot: QtBot, kind: type[Label], text: str
) -> None:
    label = kind(text)
    qtbot.addWidget(label)
    assert label.alignment() & Qt.AlignmentFlag.AlignLeft
    label.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    assert label.alignment() & Qt.AlignmentFlag.AlignRight
    assert leading(label) & Qt.AlignmentFlag.AlignAbsolute


def test_what_a_server_says_is_shown_as_it_is(qtbot: QtBot) -> None:
    label = Label("<b>Pay here</b>")
    qtbot.addWidget(label)
    assert label.textFormat() is Qt.TextFormat.PlainText
