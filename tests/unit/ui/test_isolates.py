from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextLayout, QTextOption

from desktopmail.ui.isolates import isolated, joined, named, without_controls

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

LEFT, RIGHT = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft


def place(text: str, part: str, direction: Qt.LayoutDirection) -> float:
    """Where a part of a text begins on the screen, from the left."""
    option = QTextOption()
    option.setTextDirection(direction)
    layout = QTextLayout(text)
    layout.setTextOption(option)
    layout.beginLayout()
    line = layout.createLine()
    line.setLineWidth(2_000)
    layout.endLayout()
    x, _ = line.cursorToX(text.index(part))  # type: ignore[misc, attr-defined]
    return float(x)


def test_a_text_is_kept_apart_from_what_stands_around_it() -> None:
    assert isolated("דנה") == "\u2068דנה\u2069"


def test_nothing_stays_nothing() -> None:
    assert isolated("") == joined([]) == ""


def test_a_text_loses_its_own_directions() -> None:
    assert without_controls("a\u202eb\u2066c\u2069\u200fd\u061c") == "abcd"


def test_nobody_reaches_beyond_their_own_text() -> None:
    assert isolated("a\u2069\u202eb") == "\u2068ab\u2069"
    assert named("Bob\u202e", "a\u2069@x") == "\u2068Bob\u2069 <\u2066a@x\u2069>"


def test_who_has_no_name_is_shown_by_the_address() -> None:
    assert without_controls(named("", "bob@x.test")) == "bob@x.test"
    assert without_controls(named("Bob", "bob@x.test")) == "Bob <bob@x.test>"


@pytest.mark.parametrize("name", ["Bob", "דנה"])
def test_a_name_is_read_before_its_address_from_either_side(qapp: QApplication, name: str) -> None:
    assert qapp
    text = named(name, "x@x.test")
    assert place(text, name, LEFT) < place(text, "<", LEFT) < place(text, ">", LEFT)
    assert place(text, name, RIGHT) > place(text, "<", RIGHT) > place(text, ">", RIGHT)


def test_names_that_are_read_from_the_right_stand_in_their_order(qapp: QApplication) -> None:
    assert qapp
    names = ["דנה", "משה", "Bob"]
    text = "To: " + joined(names)
    assert place(text, "דנה", LEFT) < place(text, "משה", LEFT) < place(text, "Bob", LEFT)
