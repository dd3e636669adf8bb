"""The bar that says by which mailing list a message came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.mime import mailing_list
from desktopmail.mime.message import Message
from desktopmail.ui.reading.list_bar import make_list_bar
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from desktopmail.ui.reading.notice_bar import NoticeBar

POST = "List-Id: Mill <mill.example>\r\nList-Post: <mailto:dev@mill.example>\r\n"
LEAVE = "List-Unsubscribe: <mailto:leave@mill.example>, <https://mill.example/u>\r\n"
ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, Scheme.LIGHT)


def bar(theme: Theme, header: str, *, leave: bool, done: list[str]) -> NoticeBar | None:
    ways = mailing_list.of(Message.parse(f"{header}\r\nx\r\n".encode()).header)
    assert ways is not None
    return make_list_bar(
        theme,
        ways,
        name="The Miller",
        can_leave=leave,
        follow=lambda url: done.append(f"follow {url}"),
        reply=lambda: done.append("reply"),
        leave=lambda: done.append("leave"),
    )


def test_each_button_does_what_it_says(theme: Theme, qtbot: QtBot) -> None:
    done: list[str] = []
    header = POST + LEAVE + "List-Archive: <https://mill.example/archive>\r\n"
    made = bar(theme, header, leave=True, done=done)
    assert made is not None
    qtbot.addWidget(made)
    assert [it.text() for it in made.buttons] == ["Reply to List", "Archive", "Unsubscribe"]
    for button in made.buttons:
        button.click()
    assert done == ["reply", "follow https://mill.example/archive", "leave"]
    assert made.toolTip() == "mill.example"


@pytest.mark.parametrize(
    ("header", "tip"),
    [
        (LEAVE, "before it is sent"),
        (LEAVE + ONE_CLICK, "one click"),
        ("List-Unsubscribe: <https://mill.example/u>\r\n", "web page"),
    ],
)
def test_it_says_before_how_the_list_is_left(
    theme: Theme, qtbot: QtBot, header: str, tip: str
) -> None:
    made = bar(theme, header, leave=True, done=[])
    assert made is not None
    qtbot.addWidget(made)
    (leave,) = made.buttons
    assert tip in leave.toolTip()
    assert leave.accessibleDescription() == leave.toolTip()
    assert "The Miller" in made.accessibleName()  # a list without a name is its sender's


def test_where_nothing_can_be_done_there_is_no_bar(theme: Theme) -> None:
    assert bar(theme, "List-Id: Mill <mill.example>\r\n", leave=False, done=[]) is None
