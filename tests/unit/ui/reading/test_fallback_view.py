"""A text browser for HTML: it fills by and by, and keeps the reader's place."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextDocument

from desktopmail.ui.reading.content import Letter, read_letter
from desktopmail.ui.reading.fallback_view import FallbackView
from desktopmail.ui.theme.theme import Scheme, Theme
from tests.helpers.qt_loop import SLOT_LIMIT_S, longest_slot, run_qt, until

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

ROW = "<tr><td style='padding:4px'>Some <b>words</b></td><td>3.20 a kilo</td></tr>"


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, Scheme.LIGHT)


def letter(body: str) -> Letter:
    head = "From: Bob <bob@example.org>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    return read_letter((head + body).encode())


def test_no_slot_blocks_while_megabytes_of_html_are_shown(theme: Theme) -> None:
    long = letter(f"<table>{ROW * 26_000}</table>")

    async def run() -> None:
        view = FallbackView(theme)
        view.resize(500, 600)
        view.show()
        view.show_letter(letter("<p>Short and <b>good</b>.</p>"))  # fonts are looked for once
        await asyncio.sleep(0.05)

        async def show() -> None:
            view.show_letter(long)
            assert "3.20 a kilo" in view.toPlainText()  # its beginning is there at once
            await until(lambda: not view._filling.isActive(), 20)
            await asyncio.sleep(0.05)

        # For another width Qt lays out in steps of its own, each twice the last.
        assert await longest_slot(show) < SLOT_LIMIT_S
        assert view.toPlainText().count("3.20 a kilo") > 6_000
        view.deleteLater()

    run_qt(run)


def test_another_message_ends_the_one_that_still_came(theme: Theme) -> None:
    async def run() -> None:
        view = FallbackView(theme)
        view.resize(500, 600)
        view.show()
        view.show_letter(letter(f"<table>{ROW * 10_000}</table>"))
        assert view._filling.isActive()
        view.show_letter(letter("<p>Short and good.</p>"))
        await asyncio.sleep(0.1)
        assert view.toPlainText() == "Short and good."
        view.deleteLater()

    run_qt(run)


def test_who_makes_letters_larger_stays_at_their_place(theme: Theme) -> None:
    async def run() -> None:
        view = FallbackView(theme)
        view.resize(500, 300)
        view.show()
        view.show_letter(letter("<p>Some words</p>" * 2_000))
        await until(lambda: not view._filling.isActive())
        view.verticalScrollBar().setValue(4_000)
        view._redraw()
        await until(lambda: not view._filling.isActive())
        assert view.verticalScrollBar().value() == 4_000
        view.deleteLater()

    run_qt(run)


def test_paragraphs_and_tables_stand_as_close_as_in_one_page(theme: Theme) -> None:
    view = FallbackView(theme)
    view.resize(500, 300)
    view.show_letter(letter("<p>before</p><table><tr><td>cell</td></tr></table><p>after</p>"))
    assert view.toPlainText().split() == ["before", "cell", "after"]
    assert view.document().blockCount() <= 4


LETTER = (
    b"From: a@example.org\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/related; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>Quinces</p><img src='cid:one'>\r\n"
    b"--b\r\nContent-Type: text/plain\r\nContent-ID: <one>\r\n\r\nno picture\r\n--b--\r\n"
)


def test_it_asks_for_nothing_and_takes_only_pictures_of_the_message(
    theme: Theme, qtbot: QtBot
) -> None:
    view = FallbackView(theme)
    qtbot.addWidget(view)
    image = QTextDocument.ResourceType.ImageResource.value
    assert view.loadResource(image, QUrl("mail-part:/x/2")) is None  # no letter yet
    made = read_letter(LETTER)
    view.show_letter(made)
    assert "Quinces" in view.toPlainText()
    for url in (
        "https://tracker.example/open.gif",
        "file:///etc/passwd",
        f"mail-part:/{made.key}/2",  # a part, but no picture
        "mail-part:/another/2",
    ):
        assert view.loadResource(image, QUrl(url)) is None, url
    style = QTextDocument.ResourceType.StyleSheetResource.value
    assert view.loadResource(style, QUrl(f"mail-part:/{made.key}/1")) is None


def test_a_letter_is_ready_once_all_of_it_is_there(qapp: QApplication, qtbot: QtBot) -> None:
    view = FallbackView(Theme(qapp, Scheme.LIGHT))
    qtbot.addWidget(view)
    head = b"From: a@example.org\r\nContent-Type: text/html\r\n\r\n"
    view.show_letter(read_letter(head + b"<p>Quinces and <b>pears</b></p>" * 8_000 + b"<p>end</p>"))
    assert not view.is_ready
    assert "end" not in view.toPlainText()
    qtbot.waitUntil(lambda: view.is_ready, timeout=30_000)
    assert view.toPlainText().rstrip().endswith("end")
