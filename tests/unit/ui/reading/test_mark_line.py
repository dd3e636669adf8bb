"""Tags and states of a message, as chips under its header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from PySide6.QtWidgets import QToolButton, QWidget

from desktopmail.door.rows import Flag, TagRow
from desktopmail.ui.reading.mark_line import MarkLine
from desktopmail.ui.theme.theme import Scheme, Theme
from tests.helpers.fake_door import full_store

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

    from desktopmail.door.rows import MessageRow

WORK = TagRow(name="$label2", label="Work & <b>more</b>", colour="#cc6600", total=1)


@pytest.fixture
def line(qtbot: QtBot, qapp: QApplication) -> MarkLine:
    above = QWidget()
    qtbot.addWidget(above)
    made = MarkLine(Theme(qapp, Scheme.LIGHT), above)
    above.resize(400, 100)
    above.show()
    made.above = above  # type: ignore[attr-defined] # keeps it
    return made


def row(flags: Flag) -> MessageRow:
    (first, *_) = full_store(1).messages.values()
    return msgspec.structs.replace(first, flags=flags)


def names(line: MarkLine) -> list[str]:
    chips = line.findChildren(QWidget, "markChip")
    return [chip.accessibleName() for chip in chips if chip.isVisibleTo(line)]


def test_it_takes_no_room_where_there_is_nothing_to_say(line: MarkLine) -> None:
    line.show_marks(row(Flag.SEEN), [])
    assert line.isHidden()
    line.show_marks(row(Flag.FLAGGED), [])
    assert not line.isHidden()
    line.show_marks(None, [])
    assert line.isHidden()


def test_tags_come_first_and_states_have_no_button(line: MarkLine) -> None:
    line.show_marks(row(Flag.FLAGGED | Flag.ANSWERED | Flag.SEEN), [WORK])
    assert names(line) == ["Tag Work & <b>more</b>", "Flagged", "Answered"]
    assert len(line.findChildren(QToolButton, "markRemove")) == 1


def test_a_tag_is_taken_off_by_its_name_not_by_its_label(line: MarkLine, qtbot: QtBot) -> None:
    line.show_marks(row(Flag.SEEN), [WORK])
    (remove,) = line.findChildren(QToolButton, "markRemove")
    with qtbot.waitSignal(line.tag_unwanted) as told:
        remove.click()
    assert told.args == ["$label2"]


def test_the_same_marks_keep_their_chips(line: MarkLine) -> None:
    line.show_marks(row(Flag.SEEN), [WORK])
    before = line.findChildren(QWidget, "markChip")
    line.show_marks(row(Flag.SEEN), [WORK])
    assert line.findChildren(QWidget, "markChip") == before  # the focus stays where it is
