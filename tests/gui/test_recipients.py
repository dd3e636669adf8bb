"""The fields for recipients: chips by keyboard, by paste, by drag; wrong ones are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLocale, QMimeData, QPointF, QRect, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from desktopmail.door.rows import Person
from desktopmail.mime.address import Mailbox
from desktopmail.ui.composer.address_chip import mime_of
from desktopmail.ui.composer.addresses import AddressField, parse_typed
from desktopmail.ui.flow_layout import FlowLayout
from desktopmail.ui.isolates import named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from desktopmail.ui.theme.theme import Theme

PEOPLE = (
    Person(name="Bob Ferreira", address="bob@example.org"),
    Person(name="", address="bobby@example.org"),
)


def people(typed: str, limit: int) -> list[Person]:
    return [it for it in PEOPLE if typed.lower() in f"{it.name} {it.address}".lower()][:limit]


@pytest.fixture
def field(qtbot: QtBot, theme: Theme) -> Iterator[AddressField]:
    host = QWidget()
    qtbot.addWidget(host)
    host.resize(500, 120)
    field = AddressField("To", people, theme, host)
    field.resize(480, 32)
    host.show()
    field.edit.setFocus()
    yield field
    field._popup.hide()


def addresses(field: AddressField) -> list[str]:
    return [chip.box.address for chip in field.chips]


def typed(field: AddressField, text: str) -> None:
    QTest.keyClicks(field.edit, text)
    field._popup.hide()


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Comma, Qt.Key.Key_Semicolon])
def test_an_address_becomes_a_chip(field: AddressField, end: Qt.Key) -> None:
    typed(field, "mira@hof.example")
    QTest.keyClick(field.edit, end)
    assert addresses(field) == ["mira@hof.example"]
    assert field.edit.text() == ""


def test_an_offer_is_shown_in_its_own_direction_and_taken_as_it_is_typed(
    field: AddressField,
) -> None:
    QTest.keyClicks(field.edit, "bob")
    shown = field._popup.itemDelegate().displayText(field._offers.stringList()[0], QLocale())
    assert shown == named("Bob Ferreira", "bob@example.org")
    QTest.keyClick(field.edit, Qt.Key.Key_Tab)
    assert [str(box) for box in field.mailboxes()] == ["Bob Ferreira <bob@example.org>"]
    field._popup.hide()


def test_an_offer_is_taken_with_tab_and_nobody_is_offered_twice(field: AddressField) -> None:
    QTest.keyClicks(field.edit, "bob")
    assert field._offers.stringList() == ["Bob Ferreira <bob@example.org>", "bobby@example.org"]
    QTest.keyClick(field.edit, Qt.Key.Key_Tab)
    QTest.keyClicks(field.edit, "bob")
    assert field._offers.stringList() == ["bobby@example.org"]
    field._popup.hide()


def test_a_comma_may_belong_to_a_name(field: AddressField) -> None:
    typed(field, '"Weber')
    QTest.keyClicks(field.edit, ', Anna" <anna@example.org>')
    field._popup.hide()
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    assert [(chip.box.name, chip.box.address) for chip in field.chips] == [
        ("Weber, Anna", "anna@example.org")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a@x.test, B <b@x.test>; c@x.test",
        "a@x.test\nB <b@x.test>\r\nc@x.test\n",
        "a@x.test\tb@x.test\tc@x.test",
        "a@x.test b@x.test c@x.test",
    ],
)
def test_many_addresses_are_pasted_at_once(field: AddressField, text: str) -> None:
    QGuiApplication.clipboard().setText(text)
    QTest.keyClick(field.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert addresses(field) == ["a@x.test", "b@x.test", "c@x.test"]


def test_words_are_pasted_as_words(field: AddressField) -> None:
    QGuiApplication.clipboard().setText("just words")
    QTest.keyClick(field.edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert field.edit.text() == "just words"
    assert field.chips == ()


def test_nobody_is_there_twice(field: AddressField) -> None:
    field.set_text("a@x.test, A@x.test, a@x.test")
    assert addresses(field) == ["a@x.test"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("mira", "It has no “@”."),
        ("mira@-example.org", "What stands behind the “@” is no domain name."),
        ("m@example..org", "What stands behind the “@” is no domain name."),
    ],
)
def test_what_is_no_address_is_marked_with_the_reason(
    field: AddressField, text: str, why: str
) -> None:
    field.set_text(f"ok@example.org, {text}")
    right, wrong = field.chips
    assert right.accessibleDescription() == ""
    assert wrong.accessibleDescription() == why
    assert why in wrong.toolTip()
    assert field.first_wrong() == wrong.box


def test_an_international_domain_is_shown_in_its_own_letters(field: AddressField) -> None:
    field.set_text("jonas@xn--mnchen-3ya.example")
    (chip,) = field.chips
    assert chip.accessibleName() == "jonas@münchen.example"
    assert chip.wrong is None


def test_the_keyboard_goes_over_the_chips(field: AddressField) -> None:
    field.set_text("a@x.test, b@x.test, c@x.test")
    first, second, third = field.chips
    QTest.keyClick(field.edit, Qt.Key.Key_Backspace)
    assert third.hasFocus()
    QTest.keyClick(third, Qt.Key.Key_Left)
    assert second.hasFocus()
    QTest.keyClick(second, Qt.Key.Key_Delete)
    assert addresses(field) == ["a@x.test", "c@x.test"]
    assert third.hasFocus()
    QTest.keyClick(third, Qt.Key.Key_Backspace)
    assert first.hasFocus()
    QTest.keyClick(first, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "a@x.test"
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert field.edit.hasFocus()


def test_a_chip_is_text_again_when_it_is_edited(field: AddressField) -> None:
    field.set_text("Bob <bob@x.test>, c@x.test")
    QTest.keyClick(field.chips[0], Qt.Key.Key_F2)
    assert field.edit.text() == "Bob <bob@x.test>"
    assert addresses(field) == ["c@x.test"]


def drop(field: AddressField, data: QMimeData) -> QDropEvent:
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.MoveAction | Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    field.dropEvent(event)
    return event


def test_a_recipient_is_dragged_from_field_to_field(field: AddressField, theme: Theme) -> None:
    other = AddressField("Cc", people, theme, field.parentWidget())
    field.set_text("Bob <bob@x.test>")
    event = drop(other, mime_of(field.chips[0].box))
    assert event.dropAction() == Qt.DropAction.MoveAction
    assert [chip.box.name for chip in other.chips] == ["Bob"]
    drop(other, mime_of(other.chips[0].box))
    assert addresses(other) == ["bob@x.test"]


def test_many_recipients_do_not_take_the_window(field: AddressField, qtbot: QtBot) -> None:
    field.set_text(", ".join(f"person{number}@example.org" for number in range(200)))
    assert len(field.mailboxes()) == 200
    assert field.height() < 150
    typed(field, "mira@hof.example")
    QTest.keyClick(field.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not field.edit.visibleRegion().isEmpty(), timeout=5_000)


def test_what_is_typed_counts_before_it_is_a_chip(field: AddressField) -> None:
    typed(field, "mira@hof.example")
    assert [box.address for box in field.mailboxes()] == ["mira@hof.example"]
    assert parse_typed("") == ()


def test_a_thousand_recipients_are_there_and_some_of_them_are_shown(
    field: AddressField, qtbot: QtBot
) -> None:
    field.set_text(", ".join(f"p{at}@example.org" for at in range(1_000)))
    assert len(field.mailboxes()) == 1_000
    assert len(field.chips) <= 60
    qtbot.waitUntil(lambda: not field.more_button.isHidden())
    assert len(field.chips) == 60
    assert field.more_button.text() == "and 940 more"
    field.add((Mailbox("", "p999@example.org"), Mailbox("", "new@example.org")))
    assert len(field.mailboxes()) == 1_001
    field.more_button.click()
    qtbot.waitUntil(lambda: len(field.chips) == 120)
    QTest.keyClick(field.chips[0], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: len(field.chips) == 120)
    assert field.mailboxes()[0].address == "p1@example.org"
    assert len(field.mailboxes()) == 1_000
    field.set_mailboxes(())
    assert field.more_button.isHidden()
    assert field.mailboxes() == ()


def test_chips_that_come_together_are_placed_together(
    field: AddressField, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.set_text(", ".join(f"p{at}@example.org" for at in range(1_000)))
    qtbot.waitUntil(lambda: not field.more_button.isHidden())
    placed: list[int] = []
    place = FlowLayout._place

    def noted(flow: FlowLayout, rect: QRect, *, move: bool) -> int:
        placed.append(move)
        return place(flow, rect, move=move)

    monkeypatch.setattr(FlowLayout, "_place", noted)
    field.more_button.click()
    qtbot.waitUntil(lambda: len(field.chips) == 120)
    steps = 60 // 5
    assert len(placed) <= 5 * steps  # the field, its host and their heights; not each chip
