"""A scroll area that takes the height of what it holds, up to a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from desktopmail.ui.fitting_area import FittingArea

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def above(area_of: FittingArea, width: int, height: int) -> QWidget:
    """A window whose layout has the area, and what takes the rest."""
    window = QWidget()
    lines = QVBoxLayout(window)
    lines.setContentsMargins(0, 0, 0, 0)
    lines.addWidget(area_of)
    lines.addWidget(QWidget(), 1)
    window.resize(width, height)
    return window


def held(area: FittingArea) -> QVBoxLayout:
    host = QWidget()
    lines = QVBoxLayout(host)
    area.hold(host)
    return lines


def test_it_grows_with_what_comes_and_scrolls_behind_its_bound(qtbot: QtBot) -> None:
    area = FittingArea(lambda: 150)
    lines = held(area)
    window = above(area, 300, 600)
    qtbot.addWidget(window)
    window.show()
    heights = []
    for _ in range(12):
        lines.addWidget(QLabel("A line"))
        QApplication.processEvents()
        heights.append(area.height())
    assert heights == sorted(heights)
    assert heights[0] < 60
    assert heights[-1] == 150
    assert area.verticalScrollBar().maximum() > 0


def test_a_narrower_one_is_higher_where_words_wrap(qtbot: QtBot) -> None:
    area = FittingArea(lambda: 1_000)
    words = QLabel("Words that go on for longer than a narrow line has room for. " * 4)
    words.setWordWrap(True)
    held(area).addWidget(words)
    window = above(area, 700, 900)
    qtbot.addWidget(window)
    window.show()
    QApplication.processEvents()
    wide = area.height()
    window.resize(200, 900)
    QApplication.processEvents()
    assert area.height() > wide


def test_a_low_window_is_not_made_higher_but_scrolls(qtbot: QtBot) -> None:
    area = FittingArea(lambda: 1_000)
    lines = held(area)
    window = above(area, 300, 160)
    qtbot.addWidget(window)
    window.show()
    for _ in range(20):
        lines.addWidget(QLabel("A line"))
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    assert window.height() == 160
    assert area.height() <= 160
