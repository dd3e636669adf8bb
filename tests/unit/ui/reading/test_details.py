"""The fields of a header that are shown on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.details import Details
from desktopmail.ui.reading.people_line import PeopleLine
from desktopmail.ui.wrapped import WrappedLabel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from desktopmail.mime.address import Mailbox

LETTER = (
    b"From: Bob <bob@example.org>\r\nReply-To: office@example.org\r\n"
    b"To: alice@example.org, Carla <carla@example.it>\r\nMessage-ID: <one@example.org>\r\n"
    b"Subject: x\r\n\r\nx\r\n"
)
PROVED = "mx.example.net confirms that this message comes from example.org, and nobody else. " * 2


@pytest.fixture
def details(qtbot: QtBot) -> Details:
    above = QWidget()
    qtbot.addWidget(above)
    lines = QVBoxLayout(above)
    made = Details(above)
    made.indent(50)
    lines.addWidget(made)
    lines.addStretch(1)
    above.resize(360, 500)
    above.show()
    made.above = above  # type: ignore[attr-defined] # keeps it
    return made


def fields(details: Details) -> dict[str, QWidget]:
    grid = details._grid
    found: dict[str, QWidget] = {}
    for row in range(grid.rowCount()):
        name, value = grid.itemAtPosition(row, 0), grid.itemAtPosition(row, 1)
        if name is not None and value is not None:
            label, widget = name.widget(), value.widget()
            assert isinstance(label, QLabel)
            assert widget is not None
            found[label.text()] = widget
    return found


def test_it_names_only_the_fields_that_the_message_has(details: Details) -> None:
    details.show_fields(read_letter(LETTER), "")
    assert list(fields(details)) == ["From", "Reply to", "To", "Message-ID"]
    details.show_fields(read_letter(b"From: bob@example.org\r\n\r\nx\r\n"), PROVED)
    assert list(fields(details)) == ["From", "Sender"]  # nothing is left of the one before


def test_each_of_its_people_can_be_written_to_and_kept(details: Details) -> None:
    details.show_fields(read_letter(LETTER), "")
    line = fields(details)["To"]
    assert isinstance(line, PeopleLine)
    assert [it.accessibleName() for it in line.buttons] == [
        "alice@example.org",
        "Carla <carla@example.it>",
    ]
    told: list[tuple[str, Mailbox]] = []
    details.write_wanted.connect(lambda box: told.append(("write", box)))
    details.keep_wanted.connect(lambda box: told.append(("keep", box)))
    line.write_wanted.emit("somebody")
    line.keep_wanted.emit("somebody")
    assert told == [("write", "somebody"), ("keep", "somebody")]


def test_its_rows_are_as_high_as_their_lines(details: Details, qtbot: QtBot) -> None:
    details.show_fields(read_letter(LETTER), PROVED)

    def fit() -> None:
        QApplication.processEvents()
        value = fields(details)["Sender"]
        assert isinstance(value, WrappedLabel)
        assert value.height() == value.heightForWidth(value.width()) > 30
        assert details.height() == details.heightForWidth(details.width())

    qtbot.waitUntil(lambda: fit() is None)
