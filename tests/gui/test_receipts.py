"""Receipts are offered once, and never sent unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QPushButton

from desktopmail.door.commands import AnswerReceipt
from desktopmail.door.rows import Flag, Role
from desktopmail.ui.reading.notice_bar import NoticeBar
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


ASKING = (
    b"From: Bob <bob@example.net>\r\nTo: alice@example.org\r\nSubject: x\r\n"
    b"Disposition-Notification-To: bob@example.net\r\n\r\nHi.\r\n"
)


@pytest.mark.parametrize(("button", "send"), [("Send Receipt", True), ("Don’t Send", False)])
def test_a_receipt_is_offered_and_never_sent_unasked(theme: Theme, button: str, send: bool) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(ASKING, store.box(Role.INBOX).id, flags=Flag.SEEN, date_s=1)
        await window.reading.show_message(row)
        bars = [it for it in window.reading.findChildren(NoticeBar) if not it.isHidden()]
        (sentence,) = [it.accessibleName() for it in bars]
        assert sentence == "bob@example.net asks to be told that you read this."
        assert store.commands == []
        buttons = bars[0].findChildren(QPushButton)
        next(it for it in buttons if it.text() == button).click()
        await until(lambda: store.commands)
        assert store.commands == [AnswerReceipt(placement_id=row.id, send=send)]
        assert not [it for it in window.reading.findChildren(NoticeBar) if not it.isHidden()]

    play(theme, scene)


@pytest.mark.parametrize(
    ("flags", "sender"),
    [(Flag.RECEIPT_SENT, b"bob@example.net"), (Flag.SEEN, b"alice@example.org")],
)
def test_a_receipt_is_offered_once_and_not_for_ones_own_mail(
    theme: Theme, flags: Flag, sender: bytes
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        octets = ASKING.replace(b"Bob <bob@example.net>", sender)
        row = store.add_message(octets, store.box(Role.INBOX).id, flags=flags, date_s=1)
        await window.reading.show_message(row)
        assert not [it for it in window.reading.findChildren(NoticeBar) if not it.isHidden()]

    play(theme, scene)
