"""The plain text of a message: quotes, links, folds, and texts of any length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QUrl

from desktopmail.mime.text import Block, Kind
from desktopmail.ui.reading.plain_view import PlainView
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot


@pytest.fixture
def view(qtbot: QtBot, qapp: QApplication) -> PlainView:
    made = PlainView(Theme(qapp, Scheme.LIGHT))
    qtbot.addWidget(made)
    made.resize(500, 400)
    return made


def text(words: str) -> Block:
    return Block(Kind.TEXT, 0, words)


def test_a_text_is_shown_line_for_line(view: PlainView) -> None:
    view.show_blocks([text("one\n\ntwo"), Block(Kind.QUOTE, 1, "three")])
    view.write_rest()
    assert view.toPlainText() == "one\n\ntwo\nthree"


def test_a_long_quote_is_folded_and_a_click_shows_it(view: PlainView) -> None:
    quote = "\n".join(f"line {n}" for n in range(20))
    view.show_blocks([Block(Kind.QUOTE, 1, quote), text("Yes.")])
    view.write_rest()
    assert "line 7" not in view.toPlainText()
    view.anchorClicked.emit(QUrl("fold:0"))
    assert "line 7" in view.toPlainText()


def test_a_line_that_never_ends_is_shown_in_pieces(view: PlainView) -> None:
    view.show_blocks([text("x" * 5_000)])
    view.write_rest()
    lines = view.toPlainText().split("\n")
    assert [len(line) for line in lines] == [2_000, 2_000, 1_000]


def test_all_of_a_text_is_selected_even_while_it_is_written(view: PlainView) -> None:
    view.show_blocks([text("word\n" * 9_000 + "end")])
    view.selectAll()
    assert view.textCursor().selectedText().endswith("end")


def test_a_link_is_told_and_nothing_is_opened(view: PlainView) -> None:
    clicked: list[str] = []
    view.link_clicked.connect(clicked.append)
    view.show_blocks([text("see https://example.org/x now")])
    view.anchorClicked.emit(QUrl("https://example.org/x"))
    assert clicked == ["https://example.org/x"]
    assert 'href="https://example.org/x"' in view.toHtml()


def test_another_text_begins_anew_while_one_is_still_written(view: PlainView) -> None:
    view.show_blocks([text("old\n" * 9_000)])
    view.show_blocks([text("new")])
    view.write_rest()
    assert view.toPlainText() == "new"
