"""A card for a file, in a message or in one that is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QToolButton, QWidget

from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.file_card import FileCard
from desktopmail.ui.flow_layout import FlowLayout

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def above(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def test_it_says_name_and_size_also_to_who_cannot_see_it(above: QWidget) -> None:
    card = FileCard("plan.pdf", "application/pdf", 45_000, QPixmap(), above)
    assert card.accessibleName() == "plan.pdf, 45 kB"
    assert card.toolTip() == "plan.pdf\napplication/pdf, 45 kB"


def test_a_long_name_is_shortened_where_its_line_is_narrow(above: QWidget) -> None:
    card = FileCard("a very long name of a photograph.jpg", "image/jpeg", 1, QPixmap(), above)
    name = card.findChild(ElidedLabel)
    assert name is not None
    card.resize(card.sizeHint().width() // 2, 48)
    card.show()
    above.show()
    assert name.text().endswith("…")


def test_a_short_name_does_not_take_the_whole_line(above: QWidget) -> None:
    flow = FlowLayout(above, spacing=6)
    cards = [FileCard(name, "application/pdf", 1, QPixmap(), above) for name in ("a.pdf", "b.pdf")]
    for card in cards:
        flow.addWidget(card)
    above.resize(900, 100)
    above.show()
    assert cards[0].y() == cards[1].y()
    assert cards[1].width() == cards[1].sizeHint().width() < 300


def test_a_button_finds_room_on_it(above: QWidget) -> None:
    card = FileCard("plan.pdf", "application/pdf", 45_000, QPixmap(), above)
    before = card.sizeHint().width()
    button = QToolButton(card)
    card.add_button(button)
    assert card.sizeHint().width() >= before + button.sizeHint().width()
