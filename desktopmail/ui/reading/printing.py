"""A message on paper, or as PDF: HTML by Chromium (`web_paper.py`), text by `paper.py`.

Neither holds the window up: Chromium has a process of its own, text is laid out in a thread.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QLocale, Qt
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from desktopmail.mime.attachment import name_of_subject
from desktopmail.ui.language import tr
from desktopmail.ui.reading import paper
from desktopmail.ui.reading.saving import free_name, write_new

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.remote import FetchImage
    from desktopmail.ui.window import MainWindow


_DOTS_PER_INCH = 300


async def print_message(window: MainWindow) -> None:
    """Ask where to, then print the message shown."""
    found = await window.letter()
    if found is None:
        return
    letter = found[1]
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setPageSize(page_size())
    printer.setDocName(letter.subject or tr("list.no_subject"))
    dialog = QPrintDialog(printer, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(
        lambda: window.scope.spawn(
            _print_on(window, letter, printer), name=tr("verb.print_message")
        )
    )
    QDialog.open(dialog)  # its own open() wants a receiver in C++


async def _print_on(window: MainWindow, letter: Letter, printer: QPrinter) -> None:
    paper.set_margins(printer)
    loop = asyncio.get_running_loop()
    if letter.html is None or not _is_web(window):
        await loop.run_in_executor(None, paper.paint, letter, printer, QApplication.font())
        return
    octets = await pdf_of(letter, web=True, fetch_image=window.fetch_image)
    if octets:
        await loop.run_in_executor(None, _print_pdf, octets, printer)
    else:
        window.say(tr("print.failed"))


def _print_pdf(octets: bytes, printer: QPrinter) -> None:
    """Print the pages of a PDF as pictures; runs in a thread.

    QWebEngineView.print() does the same at the printer's full 1,200 dots an inch: 14 s a page.
    """
    is_file = printer.outputFormat() is QPrinter.OutputFormat.PdfFormat
    if is_file and printer.outputFileName() and printer.pageRanges().isEmpty():
        write_new(Path(printer.outputFileName()), octets, replace=True)
        return
    document = QPdfDocument()
    source = QBuffer()
    source.setData(octets)
    source.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(source)
    printer.setResolution(_DOTS_PER_INCH)
    printer.setFullPage(True)  # the margins are in the PDF
    painter = QPainter(printer)
    area = printer.pageLayout().fullRectPixels(_DOTS_PER_INCH)
    pages = [at for at in range(document.pageCount()) if paper.is_wanted(printer, at + 1)]
    for number, page in enumerate(pages):
        if number:
            printer.newPage()
        painter.drawImage(area, document.render(page, area.size()))
    painter.end()
    document.close()


def _is_web(window: MainWindow) -> bool:
    return window.uses_web and not window.settings.flag("prefer_text")


async def save_pdf(window: MainWindow) -> None:
    """Ask where to, then write the message shown as a PDF."""
    found = await window.letter()
    if found is None:
        return
    letter = found[1]
    name = f"{name_of_subject(letter.subject or tr('list.no_subject'))}.pdf"
    dialog = QFileDialog(window, tr("verb.save_pdf"), str(free_name(Path.home(), name)))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("pdf")
    dialog.fileSelected.connect(
        lambda path: window.scope.spawn(
            _save_pdf_to(window, letter, Path(path)), name=tr("verb.save_pdf")
        )
    )
    dialog.open()


async def _save_pdf_to(window: MainWindow, letter: Letter, path: Path) -> None:
    octets = await pdf_of(letter, web=_is_web(window), fetch_image=window.fetch_image)
    if not octets:
        window.say(tr("print.failed"))
        return
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, lambda: write_new(path, octets, replace=True))
    window.say(tr("attachment.saved", name=path.name))


async def pdf_of(letter: Letter, *, web: bool, fetch_image: FetchImage | None = None) -> bytes:
    """Return a message as a PDF; empty where Chromium makes none.

    Args:
        letter: The message.
        web: Whether QtWebEngine may be used; without it the text alone is there.
        fetch_image: Fetches the remote images that `letter` may load.
    """
    if letter.html is None or not web:
        font = QApplication.font()
        return await asyncio.get_running_loop().run_in_executor(None, _text_pdf, letter, font)
    from desktopmail.ui.reading.web_paper import PaperError, WebPaper

    page = WebPaper(letter, fetch_image)
    try:
        return await page.pdf(page_size())
    except PaperError:
        return b""
    finally:
        await page.close()


def _text_pdf(letter: Letter, font: QFont) -> bytes:
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(letter.subject or tr("list.no_subject"))
    writer.setCreator("desktopmail")
    writer.setPageSize(page_size())
    paper.set_margins(writer)
    paper.paint(letter, writer, font)
    buffer.close()
    return bytes(octets.data())


def page_size() -> QPageSize:
    """The paper of the country: Letter or A4."""
    is_us = QLocale.system().measurementSystem() is QLocale.MeasurementSystem.ImperialUSSystem
    return QPageSize(QPageSize.PageSizeId.Letter if is_us else QPageSize.PageSizeId.A4)
