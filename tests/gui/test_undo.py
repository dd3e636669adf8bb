"""Taking back what was done, one step after the other; a message that waits to be sent is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import ArchiveMessages, CancelSending, Undo
from desktopmail.ui.commands.registry import find_verb
from tests.gui.test_composer import write
from tests.gui.test_window import play, select
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def test_what_was_done_is_taken_back_step_by_step_the_last_first(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        before = dict(store.messages)
        for verb, row in (("archive", 2), ("star", 0), ("delete", 5)):
            await select(window, row)
            await find_verb(verb).do(window)
            window.bridge.flush()
        said = [window.history.what]
        while window.history.what:
            await find_verb("undo").do(window)
            said.append(window.history.what)
        assert len(said) == 4
        assert sum(isinstance(command, Undo) for command in store.commands) == 3
        assert store.messages == before
        window.update_actions()
        assert not window.actions_by_name["undo"].isEnabled()

    play(theme, scene, read_after_s=-1)


def test_the_button_of_the_bar_takes_back_its_own_step_and_no_other(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        for _ in range(2):
            await select(window, 0)
            await find_verb("archive").do(window)
            window.bridge.flush()
        window.snack._button.click()
        await until(lambda: any(isinstance(it, Undo) for it in store.commands))
        archived = [it for it in store.commands if isinstance(it, ArchiveMessages)]
        assert window.history.what
        await find_verb("undo").do(window)
        assert not window.history.what
        where = {store.messages[it.placement_ids[0]].mailbox_id for it in archived}
        assert where <= set(window.list_pane.view.mailbox_ids)  # all are in the Inbox again

    play(theme, scene, read_after_s=-1)


def test_undo_takes_a_message_back_that_waits_to_be_sent_whatever_was_done_since(
    theme: Theme,
) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await select(window, 0)
        composer = write(window)
        await until(composer.isVisible)
        composer.sending.send()
        await until(lambda: window.history.what == "Sending “Grüße aus der Mühle”")
        await find_verb("archive").do(window)  # its bar takes the place of the countdown
        await find_verb("undo").do(window)
        assert not composer.isVisible()
        await find_verb("undo").do(window)
        assert composer.isVisible()
        assert [type(it) for it in store.commands[-2:]] == [Undo, CancelSending]
        assert not window.history.what
        composer.finish()

    play(theme, scene, send_delay_s=10, read_after_s=-1)


def test_a_message_that_is_on_its_way_is_no_step_to_take_back_any_more(theme: Theme) -> None:
    async def scene(window: MainWindow, _store: FakeStore) -> None:
        composer = write(window)
        await until(composer.isVisible)
        composer.sending.send()
        await until(lambda: bool(window.history.what))
        await until(lambda: not window.composers)
        assert not window.history.what

    play(theme, scene, send_delay_s=1)
