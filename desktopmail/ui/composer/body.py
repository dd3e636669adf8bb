"""The text of a message as it is written; files dropped or pasted are attached."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, Signal
from PySide6.QtGui import QFont, QImage, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from desktopmail.ui.language import tr


class Body(QPlainTextEdit):
    """The text.

    Signals:
        files_dropped: Files were dropped or pasted (list of Path).
        image_pasted: A picture was pasted (octets of a PNG).
    """

    files_dropped = Signal(object)
    image_pasted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("composeBody")
        self.setAccessibleName(tr("compose.body"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(False)
        self.document().setDocumentMargin(18)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 1.06)
        self.setFont(font)

    def begin_at(self, *, end: bool) -> None:
        """Put the cursor where writing begins."""
        where = QTextCursor.MoveOperation.End if end else QTextCursor.MoveOperation.Start
        self.moveCursor(where)
        self.ensureCursorVisible()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802 - Qt's name
        """Take text, files and pictures."""
        return source.hasUrls() or source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802 - Qt's name
        """Attach files and pictures; insert the rest as text."""
        paths = [Path(url.toLocalFile()) for url in source.urls() if url.isLocalFile()]
        if paths:
            self.files_dropped.emit(paths)
        elif source.hasImage() and not source.hasText():
            self.image_pasted.emit(_png_of(source.imageData()))
        else:
            super().insertFromMimeData(source)


def _png_of(image: object) -> bytes:
    if not isinstance(image, QImage):
        return b""
    octets = QByteArray()
    buffer = QBuffer(octets)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, b"PNG")
    return bytes(octets.data())
