"""The header of a message in a window: who vouches for its sender, and a thousand people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel

from desktopmail.door.rows import Role
from desktopmail.ui.reading.people_line import PeopleLine
from tests.gui.message_bars import CROWD, bars, leave_button, list_bar, newest
from tests.gui.test_window import play, select
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import SLOT_LIMIT_S, longest_slot, until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow


def receive(store: FakeStore, results: str, *, by: str = "mx.example.org") -> None:
    """Put a message into the first Inbox that its server has looked at."""
    octets = (
        f"Authentication-Results: {by}; {results}\r\n"
        f"Received: from relay.bank.example by {by}; Mon, 23 Nov 2026 15:00:00 +0000\r\n"
        "From: The Bank <service@bank.example>\r\nTo: alice@example.org\r\n"
        "List-Unsubscribe: <mailto:leave@bank.example>\r\n"
        "Subject: Your account\r\nDate: Mon, 23 Nov 2026 15:00:00 +0000\r\n\r\nHello\r\n"
    )
    store.add_message(octets.encode(), store.box(Role.INBOX).id, date_s=2_000_000_000)


@pytest.mark.parametrize(
    ("results", "sentence"),
    [
        ("dmarc=pass", "mx.example.org confirms that this message comes from bank.example."),
        (
            "spf=pass smtp.mailfrom=a@mailer.example",
            "mx.example.org confirms mailer.example, which is not the sender’s domain.",
        ),
        (
            "spf=none",
            "bank.example gives mx.example.org no means to tell whether the sender’s address is "
            "genuine.",
        ),
    ],
)
def test_what_the_receiver_found_out_stands_under_the_sender(
    theme: Theme, results: str, sentence: str
) -> None:
    store = full_store(1)
    receive(store, results)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        assert window.reading.header._proof.text() == sentence
        assert window.reading.header._proof.isVisible()
        assert sentence in window.reading.header.accessibleDescription()
        assert bars(window) == []
        assert leave_button(window).isVisible()

    play(theme, scene, store)


def test_a_forged_sender_is_warned_about_and_is_not_answered(theme: Theme) -> None:
    store = full_store(1)
    receive(store, "dmarc=fail")

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        sentence = "mx.example.org could not confirm bank.example: the sender’s address may be"
        assert [bar.accessibleName() for bar in bars(window)] == [f"{sentence} forged."]
        assert not window.reading.header._proof.isVisible()
        assert list_bar(window) is None

    play(theme, scene, store)


@pytest.mark.parametrize("claimed", ["localhost", "mx.bank.example"])
def test_a_server_that_is_not_ours_proves_nothing(theme: Theme, claimed: str) -> None:
    store = full_store(1)
    receive(store, "dmarc=pass", by=claimed)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        await select(window, 0)
        header = window.reading.header
        assert not header._proof.isVisible()
        assert bars(window) == []
        header.more_button.click()
        details = [label.text() for label in header._details.findChildren(QLabel)]
        assert "Nobody we know checked whether the sender’s address is genuine." in details

    play(theme, scene, store)


def test_a_thousand_recipients_are_shown_in_steps_and_leave_room_for_the_text(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        header = window.reading.header
        await select(window, 0)
        header.more_button.click()  # first styles are not what is measured
        await asyncio.sleep(0.2)
        header.more_button.click()
        await newest(window, store, CROWD)
        await asyncio.sleep(0.2)

        def lines() -> list[PeopleLine]:
            return header._details.findChildren(PeopleLine)

        async def open_details() -> None:
            if header.more_button.isChecked():
                header.more_button.click()
                await newest(window, store, CROWD)
            header.more_button.click()
            await until(lambda: not lines()[2].more_button.isHidden())

        assert await longest_slot(open_details) < SLOT_LIMIT_S
        assert lines()[2].more_button.text() == "and 976 more"
        lines()[2].more_button.click()
        await until(lambda: len(lines()[2].buttons) == 120)
        await until(lambda: window.reading._top.verticalScrollBar().maximum() > 0)
        assert window.reading.plain.height() > 100

    play(theme, scene)
