"""The bars over the message shown, found in a window, and messages that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from desktopmail.door.changes import EverythingChanged
from desktopmail.door.rows import Role
from desktopmail.ui.reading.notice_bar import NoticeBar
from tests.gui.test_window import select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.door.rows import MessageRow
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


CROWD = (
    b"From: Maren <maren@example.org>\r\nTo: alice@example.org\r\nSubject: All\r\nCc: "
    + b", ".join(b"Person %d <p%d@example.org>" % (at, at) for at in range(1_000))
    + b"\r\n\r\nHello\r\n"
)
LIST = (
    b"From: Maren <maren@example.org>\r\nSubject: [mill] Wheel\r\n"
    b"List-Id: Mill developers <dev.mill.example>\r\nList-Post: <mailto:dev@mill.example>\r\n"
    b"List-Archive: <javascript:alert(1)>, <https://mill.example/archive>\r\n"
    b"List-Help: <file:///etc/passwd>\r\nList-Owner: <mailto:owner@mill.example> (Ada)\r\n\r\nx\r\n"
)


def bars(window: MainWindow) -> list[NoticeBar]:
    found = window.reading._notices.findChildren(NoticeBar)
    return [bar for bar in found if not bar.isHidden() and bar.objectName() != "listBar"]


def list_bar(window: MainWindow) -> NoticeBar | None:
    found = window.reading._notices.findChildren(NoticeBar, "listBar")
    return next((bar for bar in found if not bar.isHidden()), None)


def button(bar: NoticeBar, title: str) -> QPushButton:
    return next(one for one in bar.findChildren(QPushButton) if one.text() == title)


async def newest(window: MainWindow, store: FakeStore, octets: bytes) -> MessageRow:
    """Have a message come, and select it."""
    row = store.add_message(octets, store.box(Role.INBOX).id, date_s=4e9)
    store.tell(EverythingChanged())
    messages = window.list_pane.list
    await until(lambda: (first := messages.model().message(0)) and first.id == row.id)
    await select(window, 0)
    return row


def leave_button(window: MainWindow) -> QPushButton:
    bar = list_bar(window)
    assert bar is not None
    return button(bar, "Unsubscribe")
