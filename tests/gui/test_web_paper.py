"""HTML mail on paper, made by Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QPageSize
from PySide6.QtPdf import QPdfDocument

pytest.importorskip("PySide6.QtWebEngineWidgets", exc_type=ImportError)

from desktopmail.ui import language
from desktopmail.ui.reading import web_paper
from desktopmail.ui.reading.content import read_letter
from desktopmail.ui.reading.web_paper import PaperError, WebPaper
from desktopmail.ui.reading.web_walls import prepare
from tests.helpers.qt_loop import run_qt

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

pytestmark = [pytest.mark.xdist_group("webengine"), pytest.mark.slow]

LETTER = (
    b"From: Bob <bob@example.org>\r\nTo: anna@example.org\r\nSubject: A <b>walk</b>\r\n"
    b"Content-Type: text/html\r\n\r\n<p>At ten.</p><img src='https://tracker.example/t.gif'>"
)
A4 = QPageSize(QPageSize.PageSizeId.A4)


@pytest.fixture(autouse=True)
def english(qapp: QApplication) -> None:  # noqa: ARG001 - Chromium needs an application
    language.choose_language("en")


def text_of(octets: bytes) -> str:
    document = QPdfDocument()
    source = QBuffer()
    source.setData(octets)
    source.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(source)
    text = " ".join(document.getAllText(page).text() for page in range(document.pageCount()))
    document.close()
    return text


def test_above_the_page_stands_the_header_as_text_and_nothing_is_fetched() -> None:
    made: list[bytes] = []

    async def run() -> None:
        prepare().interceptor.refused.clear()
        page = WebPaper(read_letter(LETTER), None)
        made.append(await page.pdf(A4))
        await page.close()
        assert page.failed == []
        assert prepare().interceptor.refused == []

    run_qt(run)
    text = text_of(made[0])
    for words in ("A <b>walk</b>", "bob@example.org", "At ten."):
        assert words in text


def test_a_page_that_does_not_come_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_paper, "_PATIENCE_S", 0.0)

    async def run() -> None:
        page = WebPaper(read_letter(LETTER), None)
        with pytest.raises(PaperError):
            await page.pdf(A4)
        await page.close()

    run_qt(run)


def test_what_was_printed_is_served_no_longer() -> None:
    async def run() -> None:
        before = len(prepare().handler._sources)
        page = WebPaper(read_letter(LETTER), None)
        await page.pdf(A4)
        assert len(prepare().handler._sources) == before + 1
        await page.close()
        assert len(prepare().handler._sources) == before

    run_qt(run)
