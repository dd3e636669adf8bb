"""A sentence in a form has the room that its lines need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFormLayout, QLabel, QWidget

from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_the_next_row_of_a_form_begins_below_its_last_line(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    form = QFormLayout(window)
    sentence = WrappedLabel("A sentence that has to go on in the next line. " * 6)
    after = QLabel("after")
    form.addRow("Ports", sentence)
    form.addRow("Next", after)
    window.resize(300, 500)
    window.show()
    QApplication.processEvents()
    assert sentence.height() >= sentence.heightForWidth(sentence.width())
    assert sentence.geometry().bottom() < after.geometry().top()
    assert sentence.width() > 150  # it takes the width there is


def test_it_begins_where_its_window_is_read_from_whatever_its_script(qtbot: QtBot) -> None:
    label = WrappedLabel("A sentence in English")
    qtbot.addWidget(label)
    sides = []
    for direction in (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft):
        label.setLayoutDirection(direction)
        sides.append(bool(label.alignment() & Qt.AlignmentFlag.AlignRight))
    assert sides == [False, True]


def test_a_long_word_does_not_widen_its_window(qtbot: QtBot) -> None:
    label = WrappedLabel("x" * 200)
    qtbot.addWidget(label)
    assert label.minimumSizeHint().width() <= 60


@pytest.mark.parametrize("width", [120, 300])
def test_a_word_that_is_longer_than_a_line_goes_on_in_the_next_one(
    qtbot: QtBot, width: int
) -> None:
    label = WrappedLabel("Fwd: " + "Donaudampfschiff" * 20)
    qtbot.addWidget(label)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.resize(width, label.heightForWidth(width))
    label.show()
    QApplication.processEvents()
    picture = label.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    ground = picture.pixelColor(width - 1, picture.height() - 1)
    edge = {picture.pixelColor(width - 1, y).value() for y in range(picture.height())}
    assert edge == {ground.value()}  # no letter is cut
    whole = label.fontMetrics().horizontalAdvance(label.text())
    line = label.fontMetrics().lineSpacing()
    assert label.height() // line >= whole / width
    assert label.text().endswith("schiff")  # what is copied has no breaks


def test_what_it_says_is_never_taken_for_html(qtbot: QtBot) -> None:
    label = WrappedLabel("<b>bold</b>")
    qtbot.addWidget(label)
    assert label.text() == "<b>bold</b>"
    assert label.textFormat() is not QLabel().textFormat()
