"""What a window keeps: where one was, its place, and what is built while nobody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.ui import warming
from desktopmail.ui.settings import Settings
from desktopmail.ui.warming import Warming
from desktopmail.ui.window import MainWindow
from tests.gui.test_window import play, select
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from desktopmail.ui.theme.theme import Theme


def test_after_a_crash_the_window_opens_where_one_was(theme: Theme, tmp_path: Path) -> None:
    store = full_store()

    def open_window() -> MainWindow:
        kept = QSettings(str(tmp_path / "geometry.ini"), QSettings.Format.IniFormat)
        settings = Settings(None)
        settings.set("theme", "light")
        window = MainWindow(store, lambda: store, settings, theme, web=False, geometry=kept)
        window.show()
        return window

    async def run() -> None:
        first = open_window()
        inbox = store.box(Role.INBOX)
        first.sidebar.choose(("mailbox", inbox.id))
        first.resize(790, 666)
        await select(first, 5)
        message = first.list_pane.list.current_message()
        first.session._timer.setInterval(0)
        first.session._timer.start()
        await until(lambda: not first.session._timer.isActive())
        # A crash: nothing of the first window is closed before the second one opens.
        second = open_window()
        try:
            assert second.list_pane.view.mailbox_ids == (inbox.id,)
            assert second.list_pane.list.current_message() == message
            assert (second.width(), second.height()) == (790, 666)
            await until(lambda: second.reading.row is not None)
        finally:
            for window in (first, second):
                await window.aclose()
                window.deleteLater()

    run_qt(run)


def test_a_mailbox_that_is_gone_is_not_opened_again(theme: Theme, tmp_path: Path) -> None:
    store = full_store()
    kept = QSettings(str(tmp_path / "geometry.ini"), QSettings.Format.IniFormat)
    kept.setValue("session/line", "mailbox:4711")

    async def run() -> None:
        settings = Settings(None)
        settings.set("theme", "light")
        window = MainWindow(store, lambda: store, settings, theme, web=False, geometry=kept)
        window.show()
        try:
            assert window.list_pane.title == "All Inboxes"
        finally:
            await window.aclose()
            window.deleteLater()

    run_qt(run)


def test_composer_and_web_engine_are_built_in_quiet_moments_one_step_at_a_time(
    theme: Theme, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(warming, "_bring_in", lambda: done.append("import"))
    monkeypatch.setattr(warming, "_prepare", lambda: done.append("profile"))
    monkeypatch.setattr(warming, "QUIET_MS", 60)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.uses_web = True
        work = Warming(window)
        work.begin()
        assert done == []
        await until(lambda: bool(done))
        assert done == ["import"]
        await until(lambda: work.is_done)
        assert done == ["import", "profile"]

    play(theme, scene)


def test_typing_puts_it_off(theme: Theme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "QUIET_MS", 3_600_000)

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        work = Warming(window)
        work.begin()
        work._timer.start(60_000)
        QTest.keyClick(window.tool_bar.search, Qt.Key.Key_X)
        assert work._timer.remainingTime() > 60_000
        work.close()
        assert not work._timer.isActive()

    play(theme, scene)


def test_a_sandbox_that_does_not_start_says_why_on_the_first_page(theme: Theme) -> None:
    store = FakeStore()
    store.refuse = DoorError(
        "The bundled server did not start: no such module.", remedy='Try "localserver serve".'
    )

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        first = window.pages.first_run
        assert first is not None
        assert first.problem == ""
        first.sandbox_button.click()
        await until(lambda: bool(first.problem))
        assert first.problem == (
            'The bundled server did not start: no such module. Try "localserver serve".'
        )
        assert first.isEnabled()
        store.refuse = None
        first.sandbox_button.click()
        await until(lambda: first.problem == "")

    play(theme, scene, store)
