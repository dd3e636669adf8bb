"""The bar under a message to find words in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from desktopmail.ui import language
from desktopmail.ui.reading.find_bar import FindBar
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture
def bar(qtbot: QtBot, qapp: QApplication) -> FindBar:
    made = FindBar(Theme(qapp, Scheme.LIGHT))
    qtbot.addWidget(made)
    made.open()
    return made


def test_it_finds_while_one_types_and_on_with_enter(bar: FindBar) -> None:
    wanted: list[tuple[str, bool]] = []
    bar.wanted.connect(lambda words, back: wanted.append((words, back)))
    QTest.keyClicks(bar.field, "ab")
    QTest.keyClick(bar.field, Qt.Key.Key_Return)
    QTest.keyClick(bar.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert wanted == [("a", False), ("ab", False), ("ab", False), ("ab", True)]


def test_it_says_when_nothing_is_found_but_not_of_no_words(bar: FindBar) -> None:
    answers = bar.findChildren(QLabel)
    bar.show_found(False)
    assert [it.text() for it in answers] == [""]
    bar.field.setText("quince")
    bar.show_found(False)
    assert answers[0].text()
    bar.show_found(True)
    assert answers[0].text() == ""


def test_escape_closes_it(bar: FindBar) -> None:
    assert bar.isVisible()
    QTest.keyClick(bar.field, Qt.Key.Key_Escape)
    assert not bar.isVisible()


@pytest.mark.parametrize("tongue", sorted(language.LANGUAGES))
def test_what_the_field_is_for_is_read_in_a_narrow_window(
    qtbot: QtBot, qapp: QApplication, tongue: str
) -> None:
    language.choose_language(tongue)
    made = FindBar(Theme(qapp, Scheme.LIGHT))
    qtbot.addWidget(made)
    made.resize(460, made.sizeHint().height())
    made.open()
    field = made.field
    words = field.fontMetrics().horizontalAdvance(field.placeholderText())
    assert field.width() > words + 2 * field.fontMetrics().height()
