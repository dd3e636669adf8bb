"""What a click on the header of a message does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton, QWidget

from desktopmail.door.commands import SetContact, StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.mime.address import Mailbox
from desktopmail.ui.reading.people_line import PeopleLine
from tests.gui.message_bars import CROWD, LIST, newest
from tests.gui.test_window import play
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore


def test_somebody_named_is_written_to_copied_and_kept(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        await newest(window, store, CROWD)
        window.reading.header.more_button.click()
        line = window.reading.header._details.findChildren(PeopleLine)[2]
        assert line.buttons[0].accessibleName() == "Person 0 <p0@example.org>"
        menu = line.menu_of(Mailbox("Person 0", "p0@example.org"))
        write, copy, keep = menu.actions()
        copy.trigger()
        assert QGuiApplication.clipboard().text() == "p0@example.org"
        keep.trigger()
        await until(lambda: any(isinstance(it, SetContact) for it in store.commands))
        write.trigger()
        assert window.composers[-1].fields.to.text() == "p0@example.org"
        window.composers[-1].finish()
        menu.deleteLater()

    play(theme, scene)


def test_tags_and_state_stand_in_the_header_and_a_tag_is_taken_off(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        row = await newest(window, store, LIST)
        marks = window.reading.header.marks
        assert not marks.isVisible()
        await window.carry_out(
            StoreFlags(placement_ids=(row.id,), add=Flag.FLAGGED, add_tags=("$label2",))
        )
        await until(lambda: len(marks.findChildren(QWidget, "markChip")) == 2)
        chips = marks.findChildren(QWidget, "markChip")
        assert [chip.accessibleName() for chip in chips] == ["Tag Work", "Flagged"]
        remove = marks.findChildren(QToolButton, "markRemove")[0]
        assert remove.accessibleName() == "Take Work off"
        remove.click()
        await until(lambda: store.messages[row.id].tags == ())
        await until(lambda: len(marks.findChildren(QWidget, "markChip")) == 1)

    play(theme, scene)
