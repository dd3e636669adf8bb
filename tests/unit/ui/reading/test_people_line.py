"""People of a header field, as buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktopmail.mime.address import Mailbox
from desktopmail.ui.isolates import without_controls
from desktopmail.ui.reading.people_line import PeopleLine

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LONG = Mailbox("The Office of the Neighbourhood", "neighbourhood.office@quarter.example.org")


def shown(qtbot: QtBot, boxes: list[Mailbox], width: int) -> PeopleLine:
    above = QWidget()
    qtbot.addWidget(above)
    lines = QVBoxLayout(above)
    lines.setContentsMargins(0, 0, 0, 0)
    made = PeopleLine(boxes, above)
    lines.addWidget(made)
    lines.addStretch(1)
    above.resize(width, 300)
    above.show()
    made.above = above  # type: ignore[attr-defined] # keeps it
    return made


def test_a_name_that_has_no_room_is_shortened_in_its_middle_and_never_cut(qtbot: QtBot) -> None:
    line = shown(qtbot, [LONG], 240)
    (button,) = line.buttons
    qtbot.waitUntil(lambda: button.width() <= 240)
    assert "…" in button.text()
    assert without_controls(button.text()).endswith("example.org>")
    assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width()
    whole = f"{LONG.name} <{LONG.address}>"
    assert without_controls(button.toolTip()) == button.accessibleName() == whole


def test_it_is_shown_whole_again_where_there_is_room(qtbot: QtBot) -> None:
    line = shown(qtbot, [Mailbox("Bob Ferreira", "bob.ferreira@example.org")], 120)
    (button,) = line.buttons
    qtbot.waitUntil(lambda: "…" in button.text())
    line.window().resize(600, 300)
    whole = "Bob Ferreira <bob.ferreira@example.org>"
    qtbot.waitUntil(lambda: without_controls(button.text()) == whole)


def test_of_many_some_are_shown_and_the_others_counted(qtbot: QtBot) -> None:
    line = shown(qtbot, [Mailbox("", f"p{at}@example.org") for at in range(100)], 400)
    qtbot.waitUntil(lambda: len(line.buttons) == 24 and not line.more_button.isHidden())
    assert line.more_button.text() == "and 76 more"
    line.more_button.click()
    qtbot.waitUntil(lambda: len(line.buttons) == 100)
    assert line.more_button.isHidden()


def test_what_can_be_done_with_somebody_stands_in_a_menu(qtbot: QtBot) -> None:
    box = Mailbox("Bob", "bob@example.org")
    line = shown(qtbot, [box], 400)
    menu = line.menu_of(box)
    write, copy, keep = menu.actions()
    with qtbot.waitSignal(line.write_wanted) as wanted:
        write.trigger()
    assert wanted.args == [box]
    copy.trigger()
    assert QGuiApplication.clipboard().text() == "bob@example.org"
    with qtbot.waitSignal(line.keep_wanted) as kept:
        keep.trigger()
    assert kept.args == [box]
    menu.deleteLater()
