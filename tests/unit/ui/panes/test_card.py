"""What a row of the list says of its mailbox, in the room that there is."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontMetrics

from desktopmail.ui.models.standing import Standing
from desktopmail.ui.panes.card import shortened

INBOX = Standing("Inbox", "Alexandra Example at work")


@pytest.fixture
def metrics(qapp: object) -> QFontMetrics:
    del qapp
    return QFontMetrics(QFont())


def test_the_account_gives_way_before_the_mailbox(metrics: QFontMetrics) -> None:
    room = metrics.horizontalAdvance("Inbox · Alexandra Example") * 2
    shown, width = shortened(INBOX, metrics, room)
    assert shown.startswith("Inbox · Alex")
    assert shown.endswith("…")
    assert width <= room / 2
    shown, _ = shortened(INBOX, metrics, metrics.horizontalAdvance("Inbox · ") * 2)
    assert shown == "Inbox"
    shown, _ = shortened(INBOX, metrics, round(metrics.horizontalAdvance("Inbox") * 2.1))
    assert shown == "Inbox"


def test_all_of_it_is_said_where_there_is_room(metrics: QFontMetrics) -> None:
    room = metrics.horizontalAdvance(INBOX.text) * 3
    assert shortened(INBOX, metrics, room)[0] == "Inbox · Alexandra Example at work"


def test_a_long_path_keeps_its_beginning_and_its_end(metrics: QFontMetrics) -> None:
    where = Standing("Clubs/Garden club of the valley/Bills 2026")
    shown, _ = shortened(where, metrics, metrics.horizontalAdvance("Clubs/Garden 2026") * 2)
    assert shown.startswith("Clubs")
    assert shown.endswith("2026")
    assert "…" in shown
    assert shortened(where, metrics, 0)[1] == 0
