"""A message on pages as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QFont, QPageRanges, QPageSize, QPdfWriter
from PySide6.QtPdf import QPdfDocument

from desktopmail.ui.isolates import without_controls
from desktopmail.ui.reading import paper
from desktopmail.ui.reading.content import read_letter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

HEAD = "From: Bob <bob@example.org>\r\nTo: Anna <anna@example.org>\r\nSubject: {}\r\n\r\n"


pytestmark = pytest.mark.usefixtures("qapp")  # letters need an application


def printed(text: str, *, subject: str = "Walk", ranges: str = "") -> list[str]:
    """The pages of a message, as their text."""
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    paper.set_margins(writer)
    if ranges:
        writer.setPageRanges(QPageRanges.fromString(ranges))
    paper.paint(read_letter((HEAD.format(subject) + text).encode()), writer, QFont("Inter", 10))
    buffer.close()
    document = QPdfDocument()
    source = QBuffer()
    source.setData(octets)
    source.open(QIODevice.OpenModeFlag.ReadOnly)
    document.load(source)
    found = [document.getAllText(page).text() for page in range(document.pageCount())]
    document.close()
    return found


def test_above_the_text_stands_who_wrote_to_whom(qapp: QApplication) -> None:  # noqa: ARG001
    letter = read_letter((HEAD.format("Walk") + "x\r\n").encode())
    rows = [(name, without_controls(value)) for name, value in paper.headings(letter)]
    assert rows == [
        ("From", "Bob <bob@example.org>"),
        ("To", "Anna <anna@example.org>"),
    ]
    (page,) = printed("At ten.\r\n")
    assert page.index("Walk") < page.index("bob@example.org") < page.index("At ten.")


def test_a_message_without_a_subject_says_so() -> None:
    (page,) = printed("x\r\n", subject="")
    assert "(no subject)" in page.lower()


def test_a_word_longer_than_a_line_goes_on_in_the_next() -> None:
    (page,) = printed("x" * 300 + "end\r\n")
    assert "end" in page
    assert "".join(page.split()).count("x") >= 300


def test_empty_lines_at_the_end_of_a_page_begin_no_other_one() -> None:
    assert len(printed("Words.\r\n" + "\r\n" * 500)) == 1


def test_pages_that_nobody_chose_are_counted_but_not_drawn() -> None:
    text = "".join(f"line {at}.\r\n" for at in range(200))
    every, third = printed(text), printed(text, ranges="3")
    assert len(every) >= 3
    assert third == [every[2]]
    assert third[0].rstrip().endswith("3")
