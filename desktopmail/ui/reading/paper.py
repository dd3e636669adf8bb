"""A message on pages as text: laid out paragraph by paragraph, in a thread, touching no widget.

QTextDocument lays a message out as a whole: 20,000 lines take 5 s and cannot be left midway.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPageLayout, QPainter, QTextLayout, QTextOption

from desktopmail.mime.text import Kind
from desktopmail.ui.dates import long_date
from desktopmail.ui.isolates import joined, named
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PySide6.QtGui import QPagedPaintDevice

    from desktopmail.mime.address import Mailbox
    from desktopmail.ui.reading.content import Letter

MARGIN_MM = 16.0
_POINTS = 10.5
_MAX_LINE = 4_000  # letters laid out at once: a line of a megabyte takes a second
_QUOTE_PT = 11.0
# With each page the window's thread has its turn. The many short calls of this one each give the
# interpreter up and take it again at once: the window stood still for 0.4 s at a megabyte of text.
_GIVEN_WAY_S = 0.0005
_INK, _QUIET, _RULE = QColor("#000000"), QColor("#5a6170"), QColor("#9aa3b2")


def headings(letter: Letter) -> list[tuple[str, str]]:
    """What stands above a printed message: names and values."""
    rows = [
        (tr("compose.from"), _people(letter.sender)),
        (tr("compose.to"), _people(letter.to)),
        (tr("compose.cc"), _people(letter.cc)),
        (tr("column.date"), long_date(letter.date_s) if letter.date_s is not None else ""),
        (tr("attachment.title"), joined(it.name for it in letter.attachments)),
    ]
    return [(name, value) for name, value in rows if value]


def _people(boxes: Sequence[Mailbox]) -> str:
    return ", ".join(named(box.name, box.shown_address) for box in boxes)


def set_margins(device: QPagedPaintDevice) -> None:
    """Leave the edge of the paper free."""
    margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
    device.setPageMargins(margins, QPageLayout.Unit.Millimeter)


def is_wanted(device: QPagedPaintDevice, page: int) -> bool:
    """Whether a page is among those a person chose; the first one is 1."""
    return device.pageRanges().isEmpty() or device.pageRanges().contains(page)


def paint(letter: Letter, device: QPagedPaintDevice, font: QFont) -> None:
    """Paint a message's header and text, black on white."""
    sheet = _Sheet(device, QFont(font))
    try:
        title = QFont(sheet.font)
        title.setPointSizeF(_POINTS * 1.5)
        title.setBold(True)
        sheet.write(letter.subject or tr("list.no_subject"), font=title)
        sheet.skip(0.4)
        for name, value in headings(letter):
            sheet.write(f"{name}: {value}", bold=len(name) + 1)
        sheet.rule()
        for block in letter.blocks:
            is_own = block.kind is Kind.TEXT
            for line in _lines(block.text):
                if not line.strip() and not block.depth:
                    sheet.skip(1.18)  # at the end of a page it begins no other one
                    continue
                sheet.write(line, depth=block.depth, ink=_INK if is_own else _QUIET)
    finally:
        sheet.end()


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for begin in range(0, max(len(line), 1), _MAX_LINE):
            yield line[begin : begin + _MAX_LINE]


class _Sheet:
    """Where on which page the next line goes; coordinates are the device's."""

    def __init__(self, device: QPagedPaintDevice, font: QFont) -> None:
        self._device = device
        self._painter = QPainter(device)
        self.font = font
        self.font.setPointSizeF(_POINTS)
        self._pt = device.logicalDpiY() / 72
        area = device.pageLayout().paintRectPixels(device.logicalDpiY())
        self._width, self._height = float(area.width()), float(area.height())
        self._painter.setFont(self.font)
        self._foot = self._painter.fontMetrics().height() * 1.6
        self._y = 0.0
        self._page = 1
        self._is_drawn = is_wanted(device, 1)
        self._is_begun = self._is_drawn  # the device has its first page from the start

    def write(
        self,
        text: str,
        *,
        font: QFont | None = None,
        bold: int = 0,
        depth: int = 0,
        ink: QColor = _INK,
    ) -> None:
        """Write a paragraph; its first `bold` letters are bold."""
        layout = QTextLayout(text, font or self.font, self._device)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option.setTextDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        layout.setTextOption(option)
        layout.setCacheEnabled(True)
        if bold:
            mark = QTextLayout.FormatRange()
            mark.start, mark.length = 0, bold
            letters = mark.format
            letters.setFontWeight(QFont.Weight.Bold)
            mark.format = letters
            layout.setFormats([mark])
        indent = depth * _QUOTE_PT * self._pt
        layout.beginLayout()
        try:
            while (line := layout.createLine()).isValid():
                line.setLineWidth(max(self._width - indent, self._width / 3))
                height = line.height() * 1.18
                if self._y + height > self._height - self._foot:
                    self._turn()
                if self._is_drawn:
                    self._painter.setPen(ink)
                    line.draw(self._painter, QPointF(indent, self._y))
                    self._bars(depth, height)
                self._y += height
        finally:
            layout.endLayout()

    def skip(self, lines: float) -> None:
        """Leave room."""
        self._y += lines * self._painter.fontMetrics().height()

    def rule(self) -> None:
        """Draw a line across the page."""
        self.skip(0.5)
        if self._is_drawn:
            self._painter.fillRect(QRectF(0, self._y, self._width, 0.6 * self._pt), _RULE)
        self.skip(0.7)

    def end(self) -> None:
        """The last page is full."""
        self._number()
        self._painter.end()

    def _bars(self, depth: int, height: float) -> None:
        for level in range(depth):
            across = level * _QUOTE_PT * self._pt
            self._painter.fillRect(QRectF(across, self._y, 1.2 * self._pt, height), _RULE)

    def _turn(self) -> None:
        time.sleep(_GIVEN_WAY_S)
        self._number()
        self._page += 1
        self._y = 0.0
        self._is_drawn = is_wanted(self._device, self._page)
        if self._is_drawn and self._is_begun:
            self._device.newPage()
        self._is_begun = self._is_begun or self._is_drawn

    def _number(self) -> None:
        if not self._is_drawn:
            return
        self._painter.setPen(_QUIET)
        foot = QRectF(0, self._height - self._foot, self._width, self._foot)
        where = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
        self._painter.drawText(foot, where, str(self._page))
