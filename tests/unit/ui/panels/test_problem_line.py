"""What is wrong in a dialogue, and that something is being tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.certificate import ShownCertificate
from desktopmail.door.interface import DoorError
from desktopmail.ui.panels.problem_line import ProblemLine

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def line(qtbot: QtBot) -> ProblemLine:
    made = ProblemLine()
    qtbot.addWidget(made)
    return made


def test_it_takes_no_room_while_there_is_nothing_to_say(line: ProblemLine) -> None:
    assert line.isHidden()
    line.tell("The name of the server is missing.")
    assert not line.isHidden()
    line.forget()
    assert line.isHidden()
    assert line.text() == ""


def test_a_bar_takes_the_place_of_what_was_wrong_and_goes_when_it_is_tried(
    line: ProblemLine,
) -> None:
    line.tell("The password was refused.")
    line.be_busy(True)
    assert (line.text(), line.is_busy, line.isHidden()) == ("", True, False)
    line.be_busy(False)
    assert (line.is_busy, line.isHidden()) == (False, True)


def test_an_error_says_what_to_do_and_a_defect_what_was_tried(line: ProblemLine) -> None:
    error = DoorError("mail.example.org refuses the connection.", remedy="Try again later.")
    line.tell_error("Check and Save", error)
    assert line.text() == "mail.example.org refuses the connection. Try again later."
    line.tell_error("Check and Save", ValueError("odd"))
    assert "Check and Save" in line.text()
    assert "odd" in line.text()
    line.be_busy(False)  # what went wrong stays
    assert "odd" in line.text()


def test_a_certificate_is_shown_with_the_button_that_accepts_it(line: ProblemLine) -> None:
    shown = ShownCertificate(
        side="incoming",
        host="mail.example.org",
        port=993,
        text="subject: CN=mail\nvalid: 2026-01-01 to 2027-01-01",
        fingerprint="a" * 64,
    )
    accepted: list[object] = []
    line.accepted.connect(accepted.append)
    error = DoorError("It is not to be trusted.", remedy="Give its CA file.", certificate=shown)
    line.tell_error("Check and Add", error)
    assert line.text() == "It is not to be trusted."  # what to do is on the button
    line.accept_button.click()
    assert accepted == [shown]
    line.tell_error("Check and Add", DoorError("The password was refused."))
    assert line.accept_button.isHidden()
