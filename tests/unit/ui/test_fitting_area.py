"""A scroll area that takes the height of what it holds, up to a bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from desktopmail.ui.fitting_area import FittingArea

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def held(area: FittingArea) -> QVBoxLayout:
    host = QWidget()
    lines = QVBoxLayout(host)
    area.hold(host)
    return lines


def test_it_grows_with_what_comes_and_scrolls_behind_its_bound(qtbot: QtBot) -> None:
    above = QWidget()
    qtbot.addWidget(above)
    area = FittingArea(lambda: 150, above)
    lines = held(area)
    above.resize(300, 600)
    area.resize(300, 20)
    above.show()
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
    above = QWidget()
    qtbot.addWidget(above)
    area = FittingArea(lambda: 1_000, above)
    words = QLabel("Words that go on for longer than a narrow line has room for. " * 4)
    words.setWordWrap(True)
    held(area).addWidget(words)
    above.resize(800, 900)
    above.show()
    area.resize(700, 20)
    QApplication.processEvents()
    wide = area.height()
    area.resize(200, 20)
    QApplication.processEvents()
    assert area.height() > wide
