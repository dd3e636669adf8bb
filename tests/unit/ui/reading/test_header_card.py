"""The header over a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.header_card import HeaderCard, initials
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LETTER = (
    "From: {sender}\r\nTo: Anna <anna@example.org>\r\nCc: ben@example.org\r\nSubject: {subject}\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0100\r\n\r\nx\r\n"
)


@pytest.fixture
def card(qtbot: QtBot, qapp: QApplication) -> HeaderCard:
    made = HeaderCard(Theme(qapp, Scheme.LIGHT))
    qtbot.addWidget(made)
    return made


@pytest.mark.parametrize(
    ("name", "address", "shown"),
    [
        ("Ben Okafor", "ben@x.test", "BO"),
        ("Dr. Käthe Müller", "k@x.test", "KM"),
        ("Okafor, Ben", "ben@x.test", "OB"),
        ("佐藤 花子", "h@x.test", "佐"),
        ("Madonna", "m@x.test", "M"),
        ("", "zoe@x.test", "Z"),
        ("", "", "?"),
        ("!!! 1", "q@x.test", "1"),
    ],
)
def test_one_or_two_letters_stand_for_a_person(name: str, address: str, shown: str) -> None:
    assert initials(name, address) == shown


def test_it_reads_as_a_sentence(card: HeaderCard) -> None:
    card.show_letter(read_letter(LETTER.format(sender="Ben <b@x.test>", subject="Walk").encode()))
    assert card.accessibleDescription().startswith("Walk. Ben. ")
    assert card._to.accessibleName() == "To: Anna, ben@example.org"


def test_who_has_no_name_is_named_once_by_the_address(card: HeaderCard) -> None:
    card.show_letter(read_letter(LETTER.format(sender="b@x.test", subject="Walk").encode()))
    assert card._from.full_text == "b@x.test"
    assert card._address.isHidden()


def test_a_subject_in_hebrew_begins_where_the_others_do(card: HeaderCard) -> None:
    card.show_letter(read_letter(LETTER.format(sender="b@x.test", subject="פגישה").encode()))
    assert card._subject.alignment() == card._from.alignment() & card._subject.alignment()


def test_details_are_made_when_they_are_wanted(card: HeaderCard) -> None:
    card.show_letter(read_letter(LETTER.format(sender="b@x.test", subject="Walk").encode()))
    assert card._details.isHidden()
    assert card._details.findChildren(QLabel) == []
    toggled: list[bool] = []
    card.details_toggled.connect(toggled.append)
    card.more_button.setChecked(True)
    assert toggled == [True]
    assert not card._details.isHidden()
    assert card._details.findChildren(QLabel) != []


def test_the_date_stands_below_a_name_that_it_would_push_out(card: HeaderCard) -> None:
    name = "Nordlinie Fahrkarten und Auskunft"
    card.show_letter(read_letter(LETTER.format(sender=f"{name} <b@x.test>", subject="x").encode()))
    card.show()
    for width, is_below in ((700, False), (330, True), (700, False)):
        card.resize(width, card.height())
        QApplication.processEvents()
        assert (card._date.y() > card._from.y()) is is_below
        assert card._date.text() == card._date.full_text  # never cut
