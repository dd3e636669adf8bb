"""One sentence about a message, with things to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QBoxLayout

from desktopmail.ui.reading.notice_bar import NoticeBar
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, Scheme.LIGHT)


def test_its_buttons_do_what_they_say(theme: Theme, qtbot: QtBot) -> None:
    done: list[str] = []
    actions = [(name, lambda name=name: done.append(name)) for name in ("Load", "Always")]
    bar = NoticeBar(theme, "image", "notice", "5 remote images blocked", actions)
    qtbot.addWidget(bar)
    for button in bar.buttons:
        button.click()
    assert done == ["Load", "Always"]
    assert bar.accessibleName() == "5 remote images blocked"


def test_its_buttons_stand_below_where_both_do_not_fit(theme: Theme, qtbot: QtBot) -> None:
    actions = [("Load the images", lambda: None), ("Always for this sender", lambda: None)]
    bar = NoticeBar(theme, "image", "notice", "Five remote images were blocked", actions)
    qtbot.addWidget(bar)
    bar.show()
    bar.resize(1_000, 40)
    assert bar._row.direction() is QBoxLayout.Direction.LeftToRight
    bar.resize(370, 40)
    assert bar._row.direction() is QBoxLayout.Direction.TopToBottom
    assert bar._ways.direction() is QBoxLayout.Direction.LeftToRight


def test_buttons_that_have_no_room_beside_each_other_stand_in_lines(
    theme: Theme, qtbot: QtBot
) -> None:
    actions = [("Load the images now", lambda: None), ("Always for this sender", lambda: None)]
    bar = NoticeBar(theme, "image", "notice", "Five remote images were blocked", actions)
    qtbot.addWidget(bar)
    bar.show()
    bar.resize(210, 140)
    QApplication.processEvents()
    first, second = bar.buttons
    assert first.geometry().bottom() < second.geometry().top()
    for button in bar.buttons:
        assert button.width() >= button.fontMetrics().horizontalAdvance(button.text())
        assert bar.rect().contains(button.geometry())
