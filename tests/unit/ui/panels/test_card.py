"""A card for an account, a sending, a problem, a question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget

from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.panels.card import Card
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def column(qtbot: QtBot, qapp: QApplication) -> QWidget:
    made = QWidget()
    made.theme = Theme(qapp, Scheme.LIGHT)  # type: ignore[attr-defined]
    QVBoxLayout(made)
    qtbot.addWidget(made)
    return made


def card(column: QWidget, kind: str, title: str, text: str = "") -> Card:
    theme: Theme = column.theme  # type: ignore[attr-defined]
    made = Card(theme, kind, ("alert", "danger"), title, text, column)
    layout = column.layout()
    assert layout is not None
    layout.addWidget(made)
    return made


@pytest.mark.parametrize(
    ("title", "text", "said"),
    [
        ("Lunch", "Not sent", "Lunch. Not sent"),
        ("Did it arrive?", "We look.", "Did it arrive? We look."),
        ("It is full.", "", "It is full."),
    ],
)
def test_it_is_read_as_sentences(column: QWidget, title: str, text: str, said: str) -> None:
    assert card(column, "card", title, text).accessibleName() == said


def test_a_quiet_card_has_one_line_for_its_title_and_a_loud_one_as_many_as_it_needs(
    column: QWidget,
) -> None:
    title = "A subject that is longer than a line of a narrow window has room for " * 3
    quiet, loud = card(column, "card", title), card(column, "danger", title)
    column.resize(360, 400)
    column.show()
    assert quiet.findChild(ElidedLabel).text().endswith("…")
    words = next(it for it in loud.findChildren(QLabel) if it.text() == title)
    assert words.heightForWidth(words.width()) <= words.height()
    assert loud.heightForWidth(loud.width()) > quiet.sizeHint().height()


def test_what_somebody_wrote_is_no_markup(column: QWidget) -> None:
    made = card(column, "danger", "<b>Bold</b>", "<img src='http://x.test'>")
    texts = [it.text() for it in made.findChildren(QLabel)]
    assert "<b>Bold</b>" in texts
    assert all(it.textFormat().name == "PlainText" for it in made.findChildren(QLabel) if it.text())


def test_what_is_offered_is_done_by_a_click(column: QWidget) -> None:
    done: list[str] = []
    made = card(column, "warning", "Did it arrive?")
    made.offer("Dismiss", lambda: done.append("dismiss"))
    made.offer_choice("Yes", lambda: done.append("yes"))
    made.offer_choice("No", lambda: done.append("no"))
    for button in made.findChildren(QPushButton):
        button.click()
    assert sorted(done) == ["dismiss", "no", "yes"]


def test_answers_take_as_many_lines_as_a_narrow_window_needs(column: QWidget) -> None:
    made = card(column, "warning", "Did it arrive?")
    for number in range(4):
        made.offer_choice(f"A rather long answer, the {number}th", lambda: None)
    column.resize(360, 500)
    column.show()
    buttons = made.findChildren(QPushButton)
    assert len({it.y() for it in buttons}) > 1
    assert all(it.parentWidget().rect().contains(it.geometry()) for it in buttons)


def test_what_is_offered_stands_below_where_there_is_no_room_beside(column: QWidget) -> None:
    made = card(column, "card", "Lunch", "The server refused the recipient.")
    made.offer("Try Again", lambda: None)
    made.offer("Cancel", lambda: None)
    words = next(it for it in made.findChildren(QLabel) if "refused" in it.text())
    button = made.findChildren(QPushButton)[0]

    def place(widget: QWidget) -> QPoint:
        return widget.mapTo(made, QPoint())

    column.show()
    for width, is_below in ((640, False), (300, True), (640, False)):
        column.resize(width, 300)
        QApplication.processEvents()
        assert (place(button).y() >= place(words).y() + words.height()) is is_below
        assert words.width() >= 150
