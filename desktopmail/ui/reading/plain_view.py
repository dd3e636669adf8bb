"""The body of a message as plain text: quotes with bars, links one can open, a quiet signature."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QBrush,
    QContextMenuEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from desktopmail.mime import link
from desktopmail.mime.text import Block, Kind
from desktopmail.ui.dates import size_text
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.ui.theme.theme import Theme

_DEPTH = QTextFormat.Property.UserProperty + 1
_INDENT = 16
_BAR = 2.5
_FOLD = "fold:"  # begins the targets of what is folded
_LONG_QUOTE = 8  # lines; a shorter quote is what the answer is about
_LONG_SIGN = 4
_MORE = "more:"  # the target of the line that shows more of a very long text
# Each change of the width lays all of it out again: 50,000 letters take 35 ms.
_SHOWN_AT_ONCE = 50_000
_MAX_LINE = 2_000  # letters; to break a line without a blank takes the square of its length
_SLICE_S = 0.008  # of the thread's time, then others have it


class PlainView(QTextBrowser):
    """Shows blocks of text; nothing is ever loaded.

    Signals:
        link_clicked: A link was clicked (target).
        link_hovered: The pointer is over a link, or left it (target or "").
        menu_wanted: A context menu is wanted (QPoint, link target or "").
    """

    link_clicked = Signal(str)
    link_hovered = Signal(str)
    menu_wanted = Signal(object, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readingBody")
        self.setAccessibleName(tr("reading.body"))
        self._theme = theme
        self._blocks: Sequence[Block] = ()
        self._zoom = 1.0
        self._is_folding = True
        self._open: set[int] = set()  # numbers of the first blocks of what was unfolded
        self._limit = _SHOWN_AT_ONCE
        self._rest: Iterator[None] = iter(())  # what is still to be written into the document
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._write_some)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(24)
        self.setTabChangesFocus(True)
        self.anchorClicked.connect(lambda url: self._follow(url.toString()))
        self.highlighted.connect(lambda url: self._hover(url.toString()))
        theme.changed.connect(self._recolour)

    def loadResource(self, kind: int, name: QUrl | str) -> None:  # noqa: N802, ARG002 - Qt's name
        """Load nothing, from anywhere."""
        return

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the menu to the pane."""
        self.menu_wanted.emit(event.globalPos(), self.anchorAt(event.pos()))

    def show_blocks(self, blocks: Sequence[Block]) -> None:
        """Show a text."""
        self._blocks = blocks
        self._open = set()
        self._limit = _SHOWN_AT_ONCE
        self._draw()
        self.verticalScrollBar().setValue(0)

    def set_zoom(self, zoom: float) -> None:
        """Show letters `zoom` times as large."""
        self._zoom = zoom
        self._draw()

    def fold(self, wanted: bool) -> None:
        """Fold long quotes and signatures away, or show them whole."""
        self._is_folding = wanted
        self._open = set()
        self._draw()

    def _recolour(self) -> None:
        self._draw(keep_place=True)

    def _follow(self, target: str) -> None:
        if target.startswith(_FOLD):
            self._open.add(int(target.removeprefix(_FOLD)))
            self._draw(keep_place=True)
        elif target == _MORE:
            self._limit += _SHOWN_AT_ONCE * 4
            self._draw(keep_place=True)
        else:
            self.link_clicked.emit(target)

    def _hover(self, target: str) -> None:
        self.link_hovered.emit("" if target.startswith((_FOLD, _MORE)) else target)

    def selectAll(self) -> None:  # noqa: N802 - Qt's name
        """See QTextEdit; what is not written yet is, first."""
        self.write_rest()
        super().selectAll()

    def _folded(self) -> dict[int, tuple[int, str]]:
        """What is folded: number of the first block → (number behind the last, what to say)."""
        blocks = self._blocks
        has_words = any(it.kind is Kind.TEXT and it.text.strip() for it in blocks)
        if not self._is_folding or not has_words:
            return {}
        found: dict[int, tuple[int, str]] = {}
        at = 0
        while at < len(blocks):
            end = at + 1
            if blocks[at].kind is Kind.QUOTE:
                while end < len(blocks) and blocks[end].kind is Kind.QUOTE:
                    end += 1
                lines = sum(it.text.count("\n") + 1 for it in blocks[at:end])
                if lines > _LONG_QUOTE:
                    found[at] = (end, trn("fold.quote", lines))
            elif blocks[at].kind is Kind.SIGNATURE and blocks[at].text.count("\n") > _LONG_SIGN:
                found[at] = (end, tr("fold.signature"))
            at = end
        return {begin: it for begin, it in found.items() if begin not in self._open}

    def _draw(self, *, keep_place: bool = False) -> None:
        place = self.verticalScrollBar().value()
        self.document().clear()
        self._rest = self._lines()
        self._write_some()
        if keep_place:
            self.write_rest()  # the place may be far below
        else:
            self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(place)

    def _write_some(self) -> None:
        """Go on writing for a while; the rest when the thread has nothing else to do."""
        until_s = time.thread_time() + _SLICE_S
        for _ in self._rest:
            if time.thread_time() > until_s:
                self._more.start(0)
                return

    def write_rest(self) -> None:
        """Write what is still to be written, before all of it is asked for."""
        self._more.stop()
        for _ in self._rest:
            pass

    def _lines(self) -> Iterator[None]:
        """Write line after line, each a step that one may pause behind."""
        cursor = QTextCursor(self.document())
        written = 0
        folded = self._folded()
        hidden_until = 0
        for number, block in enumerate(self._blocks):
            if number < hidden_until:
                continue
            if number in folded:
                hidden_until, words = folded[number]
                self._write_link(cursor, f"{_FOLD}{number}", words)
                continue
            text = block.text[: self._limit - written]
            written += len(text)
            yield from self._write(cursor, block, text, first=number == 0)
            if written >= self._limit:
                left = sum(len(it.text) for it in self._blocks[number:]) - len(text)
                if left > 0:
                    self._write_link(cursor, _MORE, tr("reading.more", size=size_text(left)))
                return

    def _write_link(self, cursor: QTextCursor, target: str, words: str) -> None:
        """Say what is not shown; a click, or Tab and Enter, shows it."""
        letters = self._letters("muted")
        letters.setAnchor(True)
        letters.setAnchorHref(target)
        paragraph = QTextBlockFormat()
        paragraph.setTopMargin(4)
        paragraph.setBottomMargin(4)
        cursor.insertBlock(paragraph)
        cursor.insertText(f"•••  {words}", letters)

    def _write(
        self, cursor: QTextCursor, block: Block, text: str, *, first: bool
    ) -> Iterator[None]:
        paragraph = QTextBlockFormat()
        paragraph.setLineHeight(132, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        ink = "text"
        if block.kind is Kind.QUOTE:
            paragraph.setLeftMargin(_INDENT * block.depth)
            paragraph.setProperty(_DEPTH, block.depth)
            ink = "muted"
        elif block.kind is Kind.SIGNATURE:
            ink = "muted"
        letters = self._letters(ink)
        for line in text.split("\n"):
            for begin in range(0, max(len(line), 1), _MAX_LINE):
                cursor.beginEditBlock()
                if first:
                    cursor.setBlockFormat(paragraph)
                    first = False
                else:
                    cursor.insertBlock(paragraph)
                self._write_line(cursor, line[begin : begin + _MAX_LINE], letters)
                is_mirrored = cursor.block().textDirection() == Qt.LayoutDirection.RightToLeft
                if block.depth and is_mirrored:
                    mirrored = QTextBlockFormat(paragraph)
                    mirrored.setRightMargin(paragraph.leftMargin())
                    mirrored.setLeftMargin(0)
                    cursor.setBlockFormat(mirrored)
                cursor.endEditBlock()
                yield

    def _letters(self, ink: str) -> QTextCharFormat:
        letters = QTextCharFormat()
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.06 * self._zoom)
        letters.setFont(font)
        letters.setForeground(QBrush(self._theme.colour(ink)))
        return letters

    def _write_line(self, cursor: QTextCursor, line: str, letters: QTextCharFormat) -> None:
        end = 0
        for span in link.find(line):
            cursor.insertText(line[end : span.begin], letters)
            anchor = QTextCharFormat(letters)
            anchor.setAnchor(True)
            anchor.setAnchorHref(span.url)
            anchor.setForeground(QBrush(self._theme.colour("accent")))
            anchor.setFontUnderline(self._theme.is_contrast)
            cursor.insertText(line[span.begin : span.end], anchor)
            end = span.end
        cursor.insertText(line[end:], letters)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw a bar for each depth of quoting, then the text."""
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        offset = QPointF(-self.horizontalScrollBar().value(), -self.verticalScrollBar().value())
        margin = self.document().documentMargin()
        layout = self.document().documentLayout()
        block = self.document().begin()
        visible = QRectF(event.rect())
        while block.isValid():
            depth = block.blockFormat().intProperty(_DEPTH)
            if depth:
                rect = layout.blockBoundingRect(block).translated(offset)
                if rect.top() > visible.bottom():
                    break
                if rect.bottom() >= visible.top():
                    is_mirrored = block.textDirection() == Qt.LayoutDirection.RightToLeft
                    for level in range(depth):
                        token = "accent" if level == 0 else "border_strong"
                        painter.setBrush(self._theme.colour(token))
                        across = margin + level * _INDENT
                        if is_mirrored:
                            across = self.document().size().width() - across - _BAR
                        painter.drawRect(QRectF(across, rect.top(), _BAR, rect.height()))
            block = block.next()
        painter.end()
        super().paintEvent(event)
