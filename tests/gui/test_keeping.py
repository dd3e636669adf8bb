"""What is written is kept: as a draft, and through a crash."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage, QTextCursor
from PySide6.QtTest import QTest

from desktopmail.door.commands import DeleteMessages
from desktopmail.mime import answers, rich_read
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft
from desktopmail.mime.message import Message
from desktopmail.ui.composer.recovery import Recovery
from desktopmail.ui.composer.writing import Placed, Writing
from desktopmail.ui.settings import Settings
from desktopmail.ui.window import MainWindow
from tests.gui.test_composer import saved, sent, write
from tests.gui.test_window import play
from tests.gui.written import inner, picture
from tests.helpers.fake_door import FakeStore, full_store
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme


def test_a_rich_draft_is_opened_as_it_was_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window)
        composer.body.show_items(rich_read.read("<div><b>Hello</b></div>"), {})
        data = QMimeData()
        data.setImageData(QImage.fromData(picture()))
        composer.body.moveCursor(QTextCursor.MoveOperation.End)
        composer.body.insertFromMimeData(data)
        html = inner(composer)
        composer.keeper.save_now()
        await until(lambda: saved(store))
        draft = answers.edit_as_new(Message.parse(saved(store)[0].octets))
        composer.finish()
        window.compose(Writing(draft, Placed(replaces=saved(store)[0].replaces)))
        again = window.composers[-1]
        assert inner(again) == html
        assert again.files.files == ()
        assert len(again.draft().files) == 1
        again.finish()

    play(theme, scene)


def test_a_plain_draft_keeps_its_tabs_and_spaces(theme: Theme) -> None:
    text = "Patch:\n\n+\tif  x:\n+\t\treturn\n> quoted\n\n  end"

    async def scene(window: MainWindow, _store: FakeStore) -> None:
        window.compose(Writing(Draft(Mailbox("", ""), text=text)))
        assert window.composers[-1].body.plain_text() == text
        assert window.composers[-1].body.html() is None
        window.composers[-1].finish()

    play(theme, scene)


def test_what_is_no_address_yet_does_not_keep_a_draft_from_being_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        composer = write(window, to="bob@example.org, mir")
        composer.keeper.save_now()
        await until(lambda: saved(store))
        draft = answers.edit_as_new(Message.parse(saved(store)[0].octets))
        assert [box.address for box in draft.to] == ["bob@example.org", "mir"]
        composer.finish()

    play(theme, scene)


def test_what_was_being_written_is_open_again_after_a_crash(theme: Theme, tmp_path: Path) -> None:
    file = tmp_path / "window.toml"

    async def crashed() -> None:
        store = full_store()
        window = MainWindow(store, lambda: store, Settings(file), theme, web=False)
        window.show()
        composer = write(window)
        composer.body.show_items(rich_read.read("<div>Half a <b>sent</b></div>"), {})
        QTest.keyClicks(composer.body, "x")
        await until(lambda: Recovery.of_profile(tmp_path).left())
        # The process is gone here: nothing is closed in order.
        composer.keeper._recovery = Recovery(None)
        composer.finish()
        await window.aclose()
        window.deleteLater()

    async def started_again() -> None:
        store = full_store()
        window = MainWindow(store, lambda: store, Settings(file), theme, web=False)
        window.show()
        window.composers.restore()
        await until(lambda: window.composers)
        composer = window.composers[-1]
        assert inner(composer) == "<div>xHalf a <b>sent</b></div>"
        assert composer.fields.to.text() == "bob@example.org"
        await until(lambda: "open again" in window.snack.text)
        composer.sending.send()
        await until(lambda: sent(store))
        await until(lambda: not Recovery.of_profile(tmp_path).left())
        await window.aclose()
        window.deleteLater()

    run_qt(crashed)
    run_qt(started_again)


KILLED = """
import os, signal, sys
from pathlib import Path
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from desktopmail.ui.composer.recovery import Recovery
from desktopmail.ui.composer.writing import Writing
from desktopmail.ui.settings import Settings
from desktopmail.ui.theme.theme import Scheme, Theme
from desktopmail.ui.window import MainWindow
from tests.helpers.fake_door import full_store
from tests.helpers.qt_loop import run_qt, until

profile = Path(sys.argv[1])
application = QApplication([])

async def type_and_die():
    store = full_store()
    theme = Theme(application, Scheme.LIGHT)
    window = MainWindow(store, lambda: store, Settings(profile / "window.toml"), theme, web=False)
    window.show()
    window.compose(Writing())
    QTest.keyClicks(window.composers[-1].body, "half a sent")
    await until(lambda: Recovery.of_profile(profile).left())
    os.kill(os.getpid(), signal.SIGKILL)

run_qt(type_and_die)
"""


def test_a_window_killed_while_typing_leaves_its_text_on_the_disk(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[2],
        timeout=60,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    (left,) = Recovery.of_profile(tmp_path).left()
    assert left.draft.text.startswith("half a sent")
    assert left.placed.account_id == 1


def test_the_state_of_a_draft_is_said(theme: Theme, tmp_path: Path) -> None:
    async def run() -> None:
        store = full_store()
        settings = Settings(tmp_path / "window.toml")
        window = MainWindow(store, lambda: store, settings, theme, web=False)
        window.show()
        composer = write(window)
        assert composer.state.text() == "Not saved yet"
        await until(lambda: composer.state.text() == "Kept on this computer")
        composer.keeper.save_now()
        await until(lambda: composer.state.text().startswith("Draft saved"))
        composer.finish()
        await window.aclose()
        window.deleteLater()

    run_qt(run)


def test_quitting_keeps_what_is_written_as_a_draft(theme: Theme) -> None:
    kept: list[FakeStore] = []

    async def scene(window: MainWindow, store: FakeStore) -> None:
        write(window)
        kept.append(store)

    play(theme, scene)
    assert len(saved(kept[0])) == 1


@pytest.mark.parametrize("has_draft", [False, True])
def test_what_was_thrown_away_stays_away_when_the_program_ends_at_once(
    theme: Theme, tmp_path: Path, *, has_draft: bool
) -> None:
    store = full_store()

    async def run() -> None:
        window = MainWindow(
            store, lambda: store, Settings(tmp_path / "window.toml"), theme, web=False
        )
        window.show()
        composer = write(window)
        await until(lambda: Recovery.of_profile(tmp_path).left())
        if has_draft:
            composer.keeper.save_now()
            await asyncio.sleep(0)  # it is being saved
        composer.discard()
        await window.aclose()
        window.deleteLater()

    run_qt(run)
    assert Recovery.of_profile(tmp_path).left() == []
    deleted = [it for it in store.commands if isinstance(it, DeleteMessages)]
    assert len(deleted) == len(saved(store)) == has_draft


def test_a_version_on_its_way_is_kept_when_the_program_ends_at_once(theme: Theme) -> None:
    kept: list[FakeStore] = []

    async def scene(window: MainWindow, store: FakeStore) -> None:
        write(window).keeper.save_now()
        await asyncio.sleep(0)  # it is being written
        kept.append(store)

    play(theme, scene)
    assert len(saved(kept[0])) == 1


def test_what_was_closed_is_kept_when_the_program_ends_at_once(theme: Theme) -> None:
    kept: list[FakeStore] = []

    async def scene(window: MainWindow, store: FakeStore) -> None:
        write(window).close()
        await asyncio.sleep(0)  # it is being written
        kept.append(store)

    play(theme, scene)
    assert len(saved(kept[0])) == 1


@pytest.mark.logs("NotADirectoryError|failed")
def test_one_that_cannot_be_kept_at_the_end_does_not_keep_others_from_it(
    theme: Theme, tmp_path: Path
) -> None:
    store = FakeStore()  # without an account: the disk alone takes it

    async def run() -> None:
        window = MainWindow(
            store, lambda: store, Settings(tmp_path / "window.toml"), theme, web=False
        )
        window.show()
        (tmp_path / "no folder").touch()
        write(window).keeper._recovery = Recovery(tmp_path / "no folder")
        write(window)
        await window.aclose()
        window.deleteLater()

    run_qt(run)
    assert len(Recovery.of_profile(tmp_path).left()) == 1


def test_what_was_written_without_an_account_is_open_again_at_the_next_start(
    theme: Theme, tmp_path: Path
) -> None:
    store = FakeStore()

    async def run() -> None:
        window = MainWindow(
            store, lambda: store, Settings(tmp_path / "window.toml"), theme, web=False
        )
        window.show()
        write(window)
        await window.aclose()
        window.deleteLater()

    run_qt(run)
    (left,) = Recovery.of_profile(tmp_path).left()
    assert left.draft.subject == "Grüße aus der Mühle"
