"""Attachments are shown without another program; mail in mail has a window of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QPainter, QPdfWriter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from desktopmail.door.rows import Role
from desktopmail.mime.address import Mailbox
from desktopmail.mime.compose import Draft, File
from desktopmail.ui.composer.body import png_of
from desktopmail.ui.panels.message import MessageWindow
from desktopmail.ui.reading.attachments import AttachmentCard
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.preview import PreviewWindow, Shown, way_of
from tests.gui.test_window import play
from tests.helpers.qt_loop import until
from tests.unit.mime.test_compose import build

if TYPE_CHECKING:
    from desktopmail.ui.theme.theme import Theme
    from desktopmail.ui.window import MainWindow
    from tests.helpers.fake_door import FakeStore

ANNA = Mailbox("Anna", "anna@example.org")
INNER = b"From: Bob <bob@example.org>\r\nTo: anna@x.test\r\nSubject: Inner\r\n\r\nWords within.\r\n"


def pdf(pages: int = 2) -> bytes:
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    painter = QPainter(writer)
    for page in range(pages):
        if page:
            writer.newPage()
        painter.drawText(200, 200, f"Page {page + 1}")
    painter.end()
    buffer.close()
    return bytes(octets.data())


def png(width: int = 60, height: int = 40) -> bytes:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0x3366FF)
    return png_of(image)


def message(*files: File) -> bytes:
    draft = Draft(ANNA, to=(ANNA,), subject="Files", text="Here.\n", files=files)
    return build(draft).octets


PROGRAM = File("run.exe", "application/x-msdownload", b"MZ")
MAIL = File("inner.eml", "message/rfc822", INNER)


def files() -> tuple[File, ...]:
    return (
        File("lake.png", "image/png", png()),
        File("notes.txt", "text/plain", "Grüße\n".encode()),
        File("plan.pdf", "application/pdf", pdf()),
        MAIL,
        PROGRAM,
    )


async def opened(window: MainWindow, store: FakeStore, *files: File) -> list[AttachmentCard]:
    row = store.add_message(message(*files), store.box(Role.INBOX).id, date_s=1)
    await window.reading.show_message(row)
    strip = window.reading.attachments
    await until(lambda: len(strip.findChildren(AttachmentCard)) >= len(files))
    return [card for card in strip.findChildren(AttachmentCard) if not card.isHidden()]


def preview(window: MainWindow) -> PreviewWindow:
    return next(it for it in window.extra_windows if isinstance(it, PreviewWindow))


@pytest.mark.parametrize(
    ("name", "media_type", "way"),
    [
        ("a.png", "image/png", Shown.IMAGE),
        ("a.JPG", "application/octet-stream", Shown.IMAGE),
        ("a.svg", "image/svg+xml", Shown.NOT),
        ("a.pdf", "application/pdf", Shown.PDF),
        ("a.txt", "text/plain", Shown.TEXT),
        ("a.csv", "text/csv", Shown.TEXT),
        ("a.html", "text/html", Shown.NOT),
        ("a.eml", "message/rfc822", Shown.MAIL),
        ("a.docx", "application/octet-stream", Shown.NOT),
    ],
)
def test_what_can_be_shown_is_known_by_type_and_name(
    name: str, media_type: str, way: Shown
) -> None:
    octets = INNER if way is Shown.MAIL else b"x"
    (attachment,) = read_letter(message(File(name, media_type, octets))).attachments
    assert way_of(attachment) is way


def test_a_picture_a_text_and_a_pdf_are_shown_one_after_another(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        cards = await opened(window, store, *files())
        QTest.mouseClick(cards[0], Qt.MouseButton.LeftButton)
        shown = preview(window)
        await until(lambda: shown._views.currentWidget() is shown.image)
        assert shown.details.text().startswith("60 × 40")
        shown.forward.click()
        await until(lambda: shown._views.currentWidget() is shown.text)
        assert shown.text.toPlainText() == "Grüße\n"
        shown.forward.click()
        await until(lambda: shown._pdf is not None)
        assert shown._pdf is not None
        assert shown._pdf[1].pageCount() == 2
        assert shown._views.currentWidget() is shown._pdf[0]
        shown.forward.click()
        assert shown.shown.name == "lake.png"
        shown.close()
        await until(lambda: not window.extra_windows)

    play(theme, scene)


@pytest.mark.parametrize("name", ["torn.png", "torn.pdf"])
def test_a_damaged_file_is_said_to_be_one(theme: Theme, name: str) -> None:
    kinds = {"torn.png": ("image/png", png()[:30]), "torn.pdf": ("application/pdf", b"%PDF-1.4 x")}

    async def scene(window: MainWindow, store: FakeStore) -> None:
        (card,) = await opened(window, store, File(name, *kinds[name]))
        QTest.keyClick(card, Qt.Key.Key_Space)
        shown = preview(window)
        await until(lambda: "damaged" in shown.sentence.text())
        shown.close()

    play(theme, scene)


def test_a_message_within_a_message_has_its_own_window_and_is_answered(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        (card,) = await opened(window, store, MAIL)
        QTest.keyClick(card, Qt.Key.Key_Return)
        await until(lambda: window.extra_windows)
        (inner,) = window.extra_windows
        assert isinstance(inner, MessageWindow)
        assert inner.windowTitle() == "Inner"
        assert "Words within." in inner.reading.plain.toPlainText()
        inner.answer("reply")
        await until(lambda: window.composers)
        composer = window.composers[-1]
        assert composer.fields.to.text() == "Bob <bob@example.org>"
        assert composer.placed.answers is None
        composer.finish()
        inner.close()
        await until(lambda: not window.extra_windows)

    play(theme, scene)


def test_a_program_is_asked_about_and_never_shown(theme: Theme) -> None:
    async def scene(window: MainWindow, store: FakeStore) -> None:
        (card,) = await opened(window, store, PROGRAM)
        assert "program" in card.accessibleDescription()
        QTest.mouseClick(card, Qt.MouseButton.LeftButton)
        assert window.extra_windows == []
        box = window.findChild(QMessageBox)
        assert box is not None
        assert "run.exe" in box.text()
        box.close()

    play(theme, scene)
