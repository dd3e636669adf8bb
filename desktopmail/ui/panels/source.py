"""The source of a message: every octet, with the header fields in colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QColor,
    QKeySequence,
    QShortcut,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout, QWidget

from desktopmail.ui.dates import size_text
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.theme.theme import Theme

_FIELD = re.compile(r"^[!-9;-~]+:")
_MAX_CHARACTERS = 2_000_000


class SourceWindow(QWidget):
    """Shows the octets of a message, and what is wrong with it."""

    def __init__(self, theme: Theme, letter: Letter) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setWindowTitle(f"{tr('verb.source')}: {letter.subject}")
        octets = letter.message.octets
        # Each octet is one character: nothing is guessed, nothing is lost.
        shown = octets[:_MAX_CHARACTERS]
        try:
            text = shown.decode("utf-8")
        except UnicodeDecodeError:
            text = shown.decode("latin-1")
        self.view = QPlainTextEdit(self)
        self.view.setReadOnly(True)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.view.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        theme.write_fixed(self.view)
        self.view.setAccessibleName(tr("verb.source"))
        self.view.document().setDocumentMargin(14)
        self._highlighter = _Fields(self.view.document(), theme.colour("accent"))
        self.view.setPlainText(text.replace("\r\n", "\n"))
        defects = letter.message.defects
        about = size_text(len(octets))
        if defects:
            about += " · " + trn("source.defects", len(defects)) + ": " + " ".join(defects)
        label = Label(about, self)
        label.setProperty("kind", "small")
        label.setWordWrap(True)
        label.setContentsMargins(14, 6, 14, 6)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(self.view, 1)
        lines.addWidget(label)
        for key in ("Escape", "Ctrl+W"):
            QShortcut(QKeySequence(key), self).activated.connect(self.close)
        self.resize(theme.room(820, 640))


class _Fields(QSyntaxHighlighter):
    """Colours the names of header fields."""

    def __init__(self, document: QTextDocument, colour: QColor) -> None:
        super().__init__(document)
        self._format = QTextCharFormat()
        self._format.setForeground(colour)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Colour one line; state 1: the header is over."""
        if self.previousBlockState() == 1 or not text:
            self.setCurrentBlockState(1)
            return
        self.setCurrentBlockState(0)
        match = _FIELD.match(text)
        if match is not None:
            self.setFormat(0, match.end(), self._format)
