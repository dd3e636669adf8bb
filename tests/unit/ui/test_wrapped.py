"""A sentence in a form has the room that its lines need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
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


def test_what_it_says_is_never_taken_for_html(qtbot: QtBot) -> None:
    label = WrappedLabel("<b>bold</b>")
    qtbot.addWidget(label)
    assert label.text() == "<b>bold</b>"
    assert label.textFormat() is not QLabel().textFormat()
