"""The strip of attachments of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktopmail.ui.reading.attachments import AttachmentCard, AttachmentStrip, icon_of
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.theme.theme import Scheme, Theme

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from desktopmail.ui.reading.content import Letter


def letter(*names: str) -> Letter:
    parts = "".join(
        f"--b\r\nContent-Type: application/octet-stream\r\n"
        f"Content-Disposition: attachment; filename={name}\r\n\r\noctets\r\n"
        for name in names
    )
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    return read_letter(f"Subject: x\r\n{head}{parts}--b--\r\n".encode())


@pytest.fixture
def strip(qtbot: QtBot, qapp: QApplication) -> Iterator[AttachmentStrip]:
    above = QWidget()
    qtbot.addWidget(above)
    made = AttachmentStrip(Theme(qapp, Scheme.LIGHT), above)
    lines = QVBoxLayout(above)
    lines.addWidget(made)
    lines.addStretch(1)
    above.resize(700, 600)
    above.show()
    yield made
    above.close()


def cards(strip: AttachmentStrip) -> list[AttachmentCard]:
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return strip.findChildren(AttachmentCard)


def show(strip: AttachmentStrip, *names: str) -> None:
    shown = letter(*names)
    strip.show_attachments(shown.attachments, shown.sizes)


def test_without_attachments_there_is_no_strip(strip: AttachmentStrip) -> None:
    show(strip, "a.bin")
    assert not strip.isHidden()
    show(strip)
    assert strip.isHidden()
    assert cards(strip) == []


def test_many_come_by_and_by_and_take_three_lines(qtbot: QtBot, strip: AttachmentStrip) -> None:
    show(strip, *(f"file-{n}.bin" for n in range(60)))
    assert len(cards(strip)) < 60  # others have the thread in between
    qtbot.waitUntil(lambda: len(cards(strip)) == 60)
    assert strip.height() < 260
    assert strip._area.verticalScrollBar().maximum() > 0


def test_those_of_a_message_that_was_left_do_not_come_any_more(
    qtbot: QtBot, strip: AttachmentStrip
) -> None:
    show(strip, *(f"old-{n}.bin" for n in range(60)))
    show(strip, "new.bin")
    qtbot.wait(20)
    assert [it.accessibleName() for it in cards(strip)] == ["new.bin, 6 bytes"]


def test_none_lies_over_another_while_the_rest_is_still_coming(
    qtbot: QtBot, strip: AttachmentStrip
) -> None:
    show(strip, *(f"file-{number}.bin" for number in range(60)))
    QApplication.processEvents()
    come = 0
    while not strip.is_complete:
        qtbot.waitUntil(lambda before=come: len(cards(strip)) > before)
        come = len(cards(strip))
        places = [(card.x(), card.y()) for card in cards(strip) if card.geometry().bottom() >= 0]
        assert len(set(places)) == len(places)


def test_enter_shows_it_and_what_is_a_program_is_warned_of(strip: AttachmentStrip) -> None:
    shown: list[object] = []
    strip.show_wanted.connect(shown.append)
    show(strip, "invoice.exe")
    (card,) = cards(strip)
    assert "harm" in card.accessibleDescription()
    QTest.keyClick(card, Qt.Key.Key_Return)
    assert [it.name for it in shown] == ["invoice.exe"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("media_type", "icon"),
    [
        ("image/png", "image"),
        ("text/calendar", "calendar"),
        ("message/rfc822", "mail"),
        ("application/pdf", "file"),
    ],
)
def test_its_icon_says_what_it_is(media_type: str, icon: str) -> None:
    assert icon_of(media_type) == icon
