"""A message on paper, or as PDF: the header as a small table, then the text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QDialog

from desktopmail.ui.dates import long_date
from desktopmail.ui.language import tr
from desktopmail.ui.reading.fallback_view import (
    cut_nested_tables,
    without_remote_images,
)

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
