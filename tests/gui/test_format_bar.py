"""The looks a person can choose, by button and by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.ui.composer.writing import Writing
from tests.gui.test_window import play
from tests.gui.written import inner

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


@pytest.mark.parametrize(
    ("name", "html"),
    [
        ("bold", "<div><b>one</b></div>"),
        ("italic", "<div><i>one</i></div>"),
        ("underline", "<div><u>one</u></div>"),
        ("strike", "<div><s>one</s></div>"),
        ("bullets", "<ul><li>one</ul>"),
        ("numbers", "<ol><li>one</ol>"),
        ("clear", ""),
    ],
)
def test_each_button_does_what_it_says_and_takes_it_back(
    theme: Theme, name: str, html: str
) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.setPlainText("one")
        composer.body.selectAll()
        button = composer.format_bar.buttons[name]
        button.click()
        assert inner(composer) == html
        if button.isCheckable():
            assert button.isChecked()
            button.click()
            assert not button.isChecked()
            assert composer.body.html() is None
        composer.finish()

    play(theme, scene)


def test_colours_and_sizes_are_few_and_can_be_taken_off(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing())
        composer = window.composers[-1]
        composer.body.setPlainText("one")
        composer.body.selectAll()
        colours = composer.format_bar.buttons["colour"].menu().actions()
        sizes = composer.format_bar.buttons["size"].menu().actions()
        next(it for it in colours if it.text() == "Red").trigger()
        next(it for it in sizes if it.text() == "Large").trigger()
        assert inner(composer) == (
            '<div><span style="color:#d33a2c;font-size:large">one</span></div>'
        )
        composer.format_bar.buttons["clear"].click()
        assert composer.body.html() is None
        composer.finish()

    play(theme, scene)
