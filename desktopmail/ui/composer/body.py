"""The text of a message as it is written: rich or plain, with pictures; files go to its owner."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMimeData,
    QRectF,
    Qt,
    QTimer,
    QUrl,
    Signal,
)
from PySide6.QtGui import (
    QFont,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QTextEdit, QWidget

from desktopmail.mime import html_text, rich_read, rich_text, rich_write
from desktopmail.mime.rich_text import Image, Item, Look, Paragraph, Run
from desktopmail.ui.composer import document
from desktopmail.ui.composer.looks import Looks
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from desktopmail.ui.theme.theme import Theme

_AT_ONCE = 25  # paragraphs put in before somebody else may have the thread
_IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".webp"}
_BAR = 2.5  # the width of the bar beside a quote
_MARKS = re.compile(r"(?:> ?)+")


@dataclass(frozen=True, slots=True)
class Written:
    """What was written at a moment; made in the window, read in a thread.

    Attributes:
        items: The rich text; None where plain text is written.
        typed: The plain text, where that is written.
    """

    items: tuple[Item, ...] | None
    typed: str = ""

    @property
    def html(self) -> str | None:
        """As HTML; None where plain text says the same."""
        if self.items is None or rich_text.is_plain(self.items):
            return None
        return rich_write.write(self.items)

    @property
    def text(self) -> str:
        """As plain text: the whole message, or the alternative to its HTML."""
        if self.items is None:
            return self.typed
        html = self.html
        return rich_text.plain(self.items) if html is None else html_text.render(html)

    @property
    def pictures(self) -> tuple[str, ...]:
        """The Content-IDs of the pictures that stand in the text."""
        return rich_text.images(self.items) if self.items is not None else ()


class Body(QTextEdit):
    """The text.

    Args:
        theme: Colours of links and quotes.
        parent: The window.

    Signals:
        files_dropped: Files were dropped or pasted (list of Path).
        pictures_dropped: Files of pictures, to stand in the text (list of Path).
        picture_pasted: A picture was pasted (octets of a PNG).
    """

    files_dropped = Signal(object)
    pictures_dropped = Signal(object)
    picture_pasted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._is_rich = True
        self._rest: list[Item] = []  # of a long text, still to be put into the document
        self._is_filling = False
        self._is_filled = asyncio.Event()
        self._is_filled.set()
        self.looks = Looks(self, theme)
        self.setObjectName("composeBody")
        self.setAccessibleName(tr("compose.body"))
        self.setAccessibleDescription(tr("compose.leave"))  # for Tab is typed
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(False)
        self.document().setDocumentMargin(18)
        self.document().setIndentWidth(24)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.06)
        self.setFont(font)
        self.document().setDefaultFont(font)
        self.document().contentsChange.connect(self._forget)
        theme.changed.connect(self._tint)

    # ---- what it holds

    @property
    def is_rich(self) -> bool:
        """Whether looks can be chosen; else every letter stands for itself."""
        return self._is_rich

    def set_rich(self, wanted: bool) -> None:
        """Go on writing rich text, or plain text; what is written goes along."""
        if wanted == self._is_rich:
            return
        if wanted:
            items = rich_text.from_plain(self.toPlainText())
            self._is_rich = True
            self.setAcceptRichText(True)
            self._fill(items)
        else:
            text = self.plain_text()
            self._is_rich = False
            self.setAcceptRichText(False)
            self._show_plain(text)

    def show_text(self, text: str) -> None:
        """Show a plain text; where rich text is written its quotes become block quotes."""
        if self._is_rich:
            self._fill(rich_text.from_plain(text))
        else:
            self._show_plain(text)

    def show_items(self, items: Sequence[Item], pictures: Mapping[str, bytes]) -> None:
        """Show rich text, where that is written.

        Args:
            items: What to show.
            pictures: Content-ID → octets of the pictures in it.
        """
        for content_id, octets in pictures.items():
            self._keep_picture(content_id, octets)
        self._fill(items)

    def append_items(self, items: Sequence[Item], pictures: Mapping[str, bytes]) -> None:
        """Put rich text at the end, as one step that can be undone."""
        for content_id, octets in pictures.items():
            self._keep_picture(content_id, octets)
        self._fill_rest()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        if cursor.block().length() > 1:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
        document.insert(cursor, items, self._theme.colour("accent"))
        cursor.endEditBlock()

    def _show_plain(self, text: str) -> None:
        self.setPlainText(text)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.setBlockFormat(document.block_format(Paragraph()))

    def written(self) -> Written:
        """What is written now."""
        self._fill_rest()
        if not self._is_rich:
            return Written(None, self.toPlainText())
        return Written(document.read(self.document()))

    def plain_text(self) -> str:
        """What is written, as plain text."""
        return self.written().text

    def html(self) -> str | None:
        """What is written as HTML; None where plain text says the same."""
        return self.written().html

    def pictures(self) -> tuple[str, ...]:
        """The Content-IDs of the pictures that stand in the text."""
        return self.written().pictures

    def insert_picture(self, content_id: str, octets: bytes, alt: str) -> None:
        """Put a picture where the cursor is."""
        self._keep_picture(content_id, octets)
        image = Image(f"cid:{content_id}", alt)
        cursor = self.textCursor()
        size = document.shown_size(self.document(), image)
        if size is None:
            return
        cursor.beginEditBlock()
        run = Run("\ufffc", Look(), Image(image.url, alt, size.width()))
        document.insert_runs(cursor, (run,), self._theme.colour("accent"))
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def begin_above(self) -> None:
        """Put the cursor at the begin."""
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.ensureCursorVisible()

    def begin_below(self) -> None:
        """Put the cursor below what is there, but above the signature."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        marks = [block for block in document.blocks(self.document()) if block.text() == "-- "]
        if marks and not document.quote_level(marks[-1]):
            cursor.setPosition(max(marks[-1].previous().position(), 0))
        elif cursor.block().length() > 1:
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
            cursor.insertBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def replace_signature(self, old: str, html: str) -> bool:
        """Put a signature in place of another that nobody changed.

        Args:
            old: The words of the one there, without its mark; empty: there is none.
            html: The new one with its mark; empty: none.

        Returns:
            False where the old one is not there any more.
        """
        self._fill_rest()
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.beginEditBlock()
        try:
            if old:
                place = self._signature_place(old)
                if place is None:
                    return False
                cursor.setPosition(place[0])
                cursor.setPosition(place[1], QTextCursor.MoveMode.KeepAnchor)
                cursor.removeSelectedText()
            elif html:
                cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
                cursor.insertBlock()
            if not html:
                return True
            if self._is_rich:
                document.insert(cursor, rich_read.read(html), self._theme.colour("accent"))
            else:
                cursor.insertText(html_text.render(html).rstrip("\n"))
        finally:
            cursor.endEditBlock()
        return True

    def _signature_place(self, old: str) -> tuple[int, int] | None:
        """Where the last signature with these words begins and ends."""
        blocks = list(document.blocks(self.document()))
        wanted = ["-- ", *(line.rstrip() for line in old.split("\n"))]
        lines = ["-- " if it.text() == "-- " else it.text().rstrip() for it in blocks]
        for at in range(len(lines) - len(wanted), -1, -1):
            if lines[at : at + len(wanted)] == wanted:
                last = blocks[at + len(wanted) - 1]
                return blocks[at].position(), last.position() + last.length() - 1
        return None

    def _keep_picture(self, content_id: str, octets: bytes) -> None:
        image = QImage.fromData(octets)
        if not image.isNull():
            kind = int(QTextDocument.ResourceType.ImageResource.value)
            self.document().addResource(kind, QUrl(f"cid:{content_id}"), image)

    def _fill(self, items: Sequence[Item]) -> None:
        """Put rich text in, the rest of a long one while the thread has nothing else to do."""
        self.document().clear()
        self.document().setUndoRedoEnabled(False)
        self._rest = list(items)
        self._is_filled.clear()
        self._fill_more()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _fill_more(self) -> None:
        some, self._rest = self._rest[:_AT_ONCE], self._rest[_AT_ONCE:]
        if not some:
            self._is_filled.set()
            return
        is_modified = self.document().isModified()
        was_blocked = self.blockSignals(True)
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        begin = cursor.position()
        cursor.beginEditBlock()
        document.insert(cursor, some, self._theme.colour("accent"), goes_on=self._is_filling)
        cursor.endEditBlock()
        self.blockSignals(was_blocked)
        document.read_ahead(self.document(), begin)
        self._is_filling = bool(self._rest)
        self.document().setModified(is_modified)
        if self._rest:
            QTimer.singleShot(0, self, self._fill_more)
        else:
            self.document().setUndoRedoEnabled(True)
            self._is_filled.set()

    async def filled(self) -> None:
        """Wait until a long text is in the document as a whole."""
        await self._is_filled.wait()

    def _fill_rest(self) -> None:
        while self._rest:
            self._fill_more()

    def _forget(self, at: int, _removed: int, added: int) -> None:
        document.forget(self.document(), at, at + added)

    def _tint(self) -> None:
        is_changed = self.document().isModified()
        self.blockSignals(True)
        document.tint_links(self.document(), self._theme.colour("accent"))
        self.blockSignals(False)
        self.document().setModified(is_changed)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802, ARG002 - Qt's
        """Load nothing, from anywhere: pictures were put among the resources."""
        return None

    # ---- keys

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter answers within a quote and ends lists; Tab indents items; Ctrl+Tab leaves."""
        key, modifiers = event.key(), event.modifiers()
        if key == Qt.Key.Key_Tab and modifiers & Qt.KeyboardModifier.ControlModifier:
            self._leave(forward=True)
        elif key == Qt.Key.Key_Tab and self._is_rich and self.looks.indent_list(1):
            return
        elif key == Qt.Key.Key_Backtab:
            if not (self._is_rich and self.looks.indent_list(-1)):
                self._leave(forward=False)
        elif event.matches(QKeySequence.StandardKey.InsertParagraphSeparator):
            if not self._end_block():
                super().keyPressEvent(event)
        elif key == Qt.Key.Key_Backspace and self._unquoted():
            return
        elif (
            key == Qt.Key.Key_V
            and modifiers & Qt.KeyboardModifier.ControlModifier
            and modifiers & Qt.KeyboardModifier.ShiftModifier
        ):
            self.paste_plain()
        else:
            super().keyPressEvent(event)

    def _leave(self, *, forward: bool) -> None:
        # QTextEdit's own way does nothing while Tab is typed.
        QWidget.focusNextPrevChild(self, forward)

    def _end_block(self) -> bool:
        """Begin a line of one's own where Enter was pressed in a quote or an empty item."""
        cursor = self.textCursor()
        if not self._is_rich:
            return self._split_plain_quote(cursor)
        block = cursor.block()
        if document.list_of(block) is not None and block.length() <= 1:
            return self.looks.indent_list(-1)
        level = self.looks.quote_level
        if not level:
            return False
        cursor.beginEditBlock()
        cursor.removeSelectedText()
        is_first, is_last = cursor.atBlockStart(), cursor.atBlockEnd()
        if is_first:
            cursor.insertBlock()
            cursor.movePosition(QTextCursor.MoveOperation.PreviousBlock)
            self.looks.quote(cursor, 0)
        else:
            cursor.insertBlock()
            self.looks.quote(cursor, 0)
            if not is_last:
                place = cursor.position()
                cursor.insertBlock()
                self.looks.quote(cursor, level)
                cursor.setPosition(place)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.setCurrentCharFormat(QTextCharFormat())
        self.viewport().update()
        return True

    def _split_plain_quote(self, cursor: QTextCursor) -> bool:
        block = cursor.block()
        marks = _MARKS.match(block.text())
        if marks is None or cursor.positionInBlock() < marks.end() or cursor.atBlockEnd():
            return False
        cursor.insertText(f"\n\n{marks[0]}")
        cursor.movePosition(QTextCursor.MoveOperation.PreviousBlock)
        self.setTextCursor(cursor)
        return True

    def _unquoted(self) -> bool:
        """Take one level of quoting off where Backspace is pressed at a line's begin."""
        cursor = self.textCursor()
        level = self.looks.quote_level
        if not self._is_rich or not level or cursor.hasSelection() or not cursor.atBlockStart():
            return False
        self.looks.quote(cursor, level - 1)
        self.viewport().update()
        return True

    # ---- what is pasted and dropped

    def paste_plain(self) -> None:
        """Paste the words alone."""
        self.insertPlainText(QGuiApplication.clipboard().text())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        """Take text, files and pictures."""
        return source.hasUrls() or source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Put pictures into the text, attach other files, insert the rest as it is written."""
        paths = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
        if paths:
            inline = [path for path in paths if self._is_rich and _is_picture(path)]
            others = [path for path in paths if path not in inline]
            if inline:
                self.pictures_dropped.emit(inline)
            if others:
                self.files_dropped.emit(others)
        elif source.hasImage() and not source.hasText():
            self.picture_pasted.emit(png_of(source.imageData()))
        elif source.hasHtml() and self._is_rich:
            items = rich_read.read(source.html())
            cursor = self.textCursor()
            cursor.beginEditBlock()
            cursor.removeSelectedText()
            document.paste(cursor, items, self._theme.colour("accent"))
            cursor.endEditBlock()
            self.setTextCursor(cursor)
            self.ensureCursorVisible()
        else:
            self.insertPlainText(source.text())

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw a bar for each depth of quoting, then the text."""
        painter = QPainter(self.viewport())
        painter.setPen(Qt.PenStyle.NoPen)
        top = self.verticalScrollBar().value()
        left = self.horizontalScrollBar().value()
        margin = self.document().documentMargin()
        layout = self.document().documentLayout()
        width = self.document().size().width()
        is_mirrored = False
        for block in document.blocks(self.document()):
            level = document.quote_level(block)
            if not level:
                is_mirrored = False
                continue
            if block.text().strip():  # an empty line goes on as the one before
                is_mirrored = block.textDirection() is Qt.LayoutDirection.RightToLeft
            place = layout.blockBoundingRect(block).translated(-left, -top)
            if place.top() > event.rect().bottom():
                break
            if place.bottom() + place.height() < event.rect().top():
                continue
            following = block.next()
            goes_on = document.quote_level(following) if following.isValid() else 0
            next_top = layout.blockBoundingRect(following).top() - top if goes_on else 0.0
            for depth in range(level):
                # One bar for all of a quote: what is between its paragraphs belongs to it.
                bottom = next_top if depth < goes_on else place.bottom()
                painter.setBrush(self._theme.colour("accent" if depth == 0 else "border_strong"))
                inwards = margin + depth * document.QUOTE_INDENT
                across = (width - inwards - _BAR if is_mirrored else inwards) - left
                painter.drawRect(QRectF(across, place.top(), _BAR, bottom - place.top()))
        painter.end()
        super().paintEvent(event)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in _IMAGE_SUFFIXES and path.is_file()


def png_of(image: object) -> bytes:
    """Return a picture of the clipboard as a PNG; empty where it is none."""
    if not isinstance(image, QImage) or image.isNull():
        return b""
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload] # the stubs want octets, Qt a name
    return bytes(octets.data())
