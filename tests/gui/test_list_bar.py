"""A mailing list in a window: answered, looked up and left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox

from desktopmail.door.commands import Unsubscribe
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.ui.commands.registry import find_verb
from tests.gui.message_bars import LIST, button, leave_button, list_bar, newest
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    import pytest

    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def test_a_newsletter_is_left_by_a_message_that_is_seen_first(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 2)
        leave = leave_button(window)
        assert leave.isVisible()
        assert "before it is sent" in leave.toolTip()
        leave.click()
        await until(lambda: window.composers)
        composer = window.composers[-1]
        assert "leave@market.example" in composer.fields.to.text()
        assert composer.fields.subject.text() == "leave 2"
        assert not store.sending_rows
        composer.close()

    play(theme, scene)


def test_a_list_without_an_address_is_left_at_its_page(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        rows = window.reader.window(window.list_pane.view, 0, 50)
        await select(window, next(n for n, row in enumerate(rows) if "[garden]" in row.subject))
        await find_verb("unsubscribe").do(window)
        assert opened == ["https://gardenclub.example/leave"]
        assert "web page" in window.status_line.text
        await select(window, 0)
        assert list_bar(window) is None
        await find_verb("unsubscribe").do(window)
        assert window.status_line.text == "This message names no way to leave a list."
        assert not window.composers

    play(theme, scene)


NEWSLETTER = (
    b"From: Market <news@market.example>\r\nTo: alice@example.org\r\nSubject: News\r\n"
    b"List-Id: Market news <news.market.example>\r\n"
    b"List-Unsubscribe: <https://market.example/u?1>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nQuinces.\r\n"
)


def test_a_newsletter_is_left_with_one_click(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(NEWSLETTER, store.box(Role.INBOX).id, date_s=1)
        await window.reading.show_message(row)
        assert "one click" in leave_button(window).toolTip()
        leave_button(window).click()
        await until(lambda: store.commands)
        assert store.commands == [Unsubscribe(placement_id=row.id)]
        assert not window.composers

    play(theme, scene)


def test_where_nothing_proves_the_list_a_person_is_asked_first(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = store.add_message(NEWSLETTER, store.box(Role.INBOX).id, date_s=1)
        store.refuse = DoorError("Nobody vouches for it.", code="unconfirmed")
        await window.reading.show_message(row)
        leave_button(window).click()
        await until(lambda: window.findChild(QMessageBox))
        box = window.findChild(QMessageBox)
        assert box is not None
        assert "market.example" in box.text()
        store.refuse = None
        next(it for it in box.buttons() if it.text() == "Unsubscribe").click()
        await until(lambda: len(store.commands) == 2)
        assert store.commands[-1] == Unsubscribe(placement_id=row.id, confirmed=True)

    play(theme, scene)


def test_a_list_says_where_to_write_and_where_its_archive_is(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))

    async def scene(window: MainWindow, store: FakeStore) -> None:
        await newest(window, store, LIST)
        bar = list_bar(window)
        assert bar is not None
        assert bar.accessibleName() == "Mailing list Mill developers"
        assert [it.text() for it in bar.buttons] == ["Reply to List", "Archive", "Write to Owner"]
        assert [it.toolTip() for it in bar.buttons] == [
            "dev@mill.example",
            "https://mill.example/archive",
            "owner@mill.example",
        ]
        button(bar, "Archive").click()
        assert opened == ["https://mill.example/archive"]
        button(bar, "Write to Owner").click()
        assert window.composers[-1].fields.to.text() == "owner@mill.example"
        button(bar, "Reply to List").click()
        await until(lambda: len(window.composers) == 2)
        assert window.composers[-1].fields.to.text() == "dev@mill.example"
        for composer in tuple(window.composers):
            composer.finish()

    play(theme, scene)
