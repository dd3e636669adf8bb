"""A label of one line: shortened, aligned with its window, and told whole to who cannot see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.ui.elided import ElidedLabel, left_to_right

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def label(qtbot: QtBot) -> ElidedLabel:
    made = ElidedLabel("")
    qtbot.addWidget(made)
    made.resize(400, 20)
    made.show()
    return made


def test_what_fits_is_shown_and_needs_no_tip(label: ElidedLabel) -> None:
    label.set_full_text("48 messages")
    assert (label.text(), label.toolTip()) == ("48 messages", "")


def test_what_does_not_fit_ends_with_an_ellipsis_and_is_told_whole(label: ElidedLabel) -> None:
    label.resize(60, 20)
    label.set_full_text("48 messages in all your inboxes")
    assert label.text().endswith("…")
    assert label.toolTip() == label.accessibleName() == "48 messages in all your inboxes"


def test_a_shorter_text_takes_the_place_of_one_that_would_be_cut(label: ElidedLabel) -> None:
    label.set_full_text("48 messages in all your inboxes", short="48")
    assert label.text() == "48 messages in all your inboxes"
    label.resize(60, 20)
    assert label.text() == "48"
    assert label.accessibleName() == "48 messages in all your inboxes"


def test_a_file_name_ends_at_the_right_in_every_script() -> None:
    assert left_to_right("invoice.pdf") == "invoice.pdf"
    assert left_to_right("שלום.pdf") == "\u200e" + "שלום.pdf"
