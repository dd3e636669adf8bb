"""A message on paper, or as PDF: the header as a small table, then the text."""

from __future__ import annotations

import asyncio
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QPageSize, QPdfWriter, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog, QFileDialog

from desktopmail.mime.attachment import name_of_subject
from desktopmail.ui.dates import long_date
from desktopmail.ui.language import tr
from desktopmail.ui.reading.fallback_view import (
    cut_nested_tables,
    without_remote_images,
)
from desktopmail.ui.reading.saving import free_name, write_new

if TYPE_CHECKING:
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.window import MainWindow


async def print_message(window: MainWindow) -> None:
    """Ask where to, then print the message shown."""
    found = await window.letter()
    if found is None:
        return
    letter = found[1]
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setDocName(letter.subject or tr("list.no_subject"))
    dialog = QPrintDialog(printer, window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: page_of(letter).print_(printer))
    QDialog.open(dialog)  # its own open() wants a receiver in C++


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
    loop = asyncio.get_running_loop()
    octets = await loop.run_in_executor(None, pdf_of, letter)
    await loop.run_in_executor(None, lambda: write_new(path, octets, replace=True))
    window.say(tr("attachment.saved", name=path.name))


def pdf_of(letter: Letter) -> bytes:
    """Return a message as a PDF on A4; touches no widget, runs in a thread."""
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(letter.subject or tr("list.no_subject"))
    writer.setCreator("desktopmail")
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    page_of(letter).print_(writer)
    buffer.close()
    return bytes(octets.data())


def page_of(letter: Letter) -> QTextDocument:
    """Return a message as it is printed: black on white, nothing loaded."""
    rows = [
        (tr("compose.from"), ", ".join(str(box) for box in letter.sender)),
        (tr("compose.to"), ", ".join(str(box) for box in letter.to)),
        (tr("compose.cc"), ", ".join(str(box) for box in letter.cc)),
        (tr("column.date"), long_date(letter.date_s) if letter.date_s is not None else ""),
    ]
    head = "".join(
        f"<tr><td><b>{escape(name)}</b>&nbsp;&nbsp;</td><td>{escape(value)}</td></tr>"
        for name, value in rows
        if value
    )
    if letter.html is not None:
        body = without_remote_images(cut_nested_tables(letter.html.html))
    else:
        body = f'<div style="white-space: pre-wrap">{escape(letter.message.text)}</div>'
    document = QTextDocument()
    document.setHtml(f"<h2>{escape(letter.subject)}</h2><table>{head}</table><hr>{body}")
    return document
