"""Links in what is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox

from desktopmail.ui.composer.link_dialog import LinkDialog, completed_url
from desktopmail.ui.composer.writing import Writing
from tests.gui.test_window import play
from tests.gui.written import inner

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://a.test/x", "https://a.test/x"),
        ("a.test/x", "https://a.test/x"),
        ("anna@a.test", "mailto:anna@a.test"),
        ("tel:+4930", "tel:+4930"),
        ("javascript:alert(1)", ""),
        ("just words", ""),
        ("", ""),
    ],
)
def test_a_link_leads_to_the_web_or_to_an_address(typed: str, url: str) -> None:
    assert completed_url(typed) == url


def test_a_link_is_made_of_the_words_selected_and_taken_off_again(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.setPlainText("garden")
        composer.body.selectAll()
        composer.format_bar.buttons["link"].click()
        dialog = composer.findChild(LinkDialog)
        assert dialog is not None
        assert dialog.words.text() == "garden"
        dialog.target.setText("no link")
        accept = dialog.findChild(QDialogButtonBox).buttons()[0]
        accept.click()
        assert dialog.isVisible()
        dialog.target.setText("garden.example")
        accept.click()
        assert inner(composer) == '<div><a href="https://garden.example">garden</a></div>'
        QTest.keyClicks(composer.body, " x")
        assert "</a> x" in inner(composer)
        cursor = composer.body.textCursor()
        cursor.setPosition(3)
        composer.body.setTextCursor(cursor)
        assert composer.body.looks.link_at_cursor() == ("https://garden.example", "garden")
        composer.body.looks.set_link("", "")
        assert composer.body.html() is None
        composer.finish()

    play(theme, scene)
