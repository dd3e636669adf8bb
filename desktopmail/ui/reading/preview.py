"""Attachments at a glance, without another program: pictures, text, PDF; mail in its own window."""

from __future__ import annotations

import asyncio
import enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from desktopmail.mime import charset
from desktopmail.ui.dates import size_text
from desktopmail.ui.elided import ElidedLabel
from desktopmail.ui.label import Label
from desktopmail.ui.language import tr
from desktopmail.ui.margins import set_margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QCloseEvent, QPaintEvent
    from PySide6.QtPdf import QPdfDocument

    from desktopmail.mime.attachment import Attachment
    from desktopmail.tasks import TaskScope
    from desktopmail.ui.theme.theme import Theme

MAX_TEXT_OCTETS = 400_000
MAX_OCTETS = 60_000_000
_IMAGES = {"image/png", "image/jpeg", "image/jpg", "image/gif", "image/webp", "image/bmp"}
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_TEXTS = {
    "application/json",
    "application/x-yaml",
    "message/delivery-status",
    "message/disposition-notification",
}
_TEXT_ENDINGS = (".txt", ".log", ".md", ".csv", ".json", ".ics", ".vcf", ".patch", ".diff", ".asc")
_PAGES = {"text/html", "text/xml", "text/css", "text/javascript", "text/x-python"}


class Shown(enum.Enum):
    """How an attachment is shown."""

    IMAGE = enum.auto()
    TEXT = enum.auto()
    PDF = enum.auto()
    MAIL = enum.auto()
    NOT = enum.auto()


def way_of(attachment: Attachment) -> Shown:
    """Return how an attachment is shown; what is only opened by another program is `NOT`."""
    media_type, name = attachment.media_type, attachment.name.lower()
    if attachment.size_octets > MAX_OCTETS:
        return Shown.NOT
    if media_type in {"message/rfc822", "message/global"} or name.endswith(".eml"):
        return Shown.MAIL
    is_unnamed_type = media_type == "application/octet-stream"
    if media_type in _IMAGES or (is_unnamed_type and name.endswith(_IMAGE_ENDINGS)):
        return Shown.IMAGE
    if media_type == "application/pdf" or (is_unnamed_type and name.endswith(".pdf")):
        return Shown.PDF
    is_text = media_type.startswith("text/") and media_type not in _PAGES
    if is_text or media_type in _TEXTS or (is_unnamed_type and name.endswith(_TEXT_ENDINGS)):
        return Shown.TEXT
    return Shown.NOT


class PreviewWindow(QWidget):
    """Shows one attachment after another.

    Args:
        theme: Colours.
        attachments: Those of the message that can be shown.
        first: Which one is shown first.
        scope: Runs what takes longer than a frame.

    Signals:
        open_wanted, save_wanted: What was asked for (Attachment).
    """

    open_wanted = Signal(object)
    save_wanted = Signal(object)

    def __init__(
        self,
        theme: Theme,
        attachments: Sequence[Attachment],
        first: Attachment,
        scope: TaskScope,
    ) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setObjectName("previewWindow")
        self._theme = theme
        self._attachments = list(attachments)
        self._at = self._attachments.index(first)
        self._scope = scope
        self._is_closed = False
        self.image = ImageView(self)
        self.text = QPlainTextEdit(self)
        self.text.setReadOnly(True)
        self.text.setObjectName("readingBody")
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.document().setDocumentMargin(18)
        self.sentence = Label("", self)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sentence.setProperty("kind", "muted")
        self.sentence.setWordWrap(True)
        self._pdf: tuple[QWidget, QPdfDocument, QBuffer] | None = None
        self._views = QStackedWidget(self)
        for view in (self.image, self.text, self.sentence):
            self._views.addWidget(view)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(self._bar())
        lines.addWidget(self._views, 1)
        for keys, act in (
            ("Escape", self.close),
            ("Space", self.close),
            ("Ctrl+W", self.close),
            ("Left", lambda: self.go(-1)),
            ("Right", lambda: self.go(1)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        self.resize(theme.room(860, 680))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()
        self.go(0)

    def _bar(self) -> QFrame:
        bar = QFrame(self)
        bar.setObjectName("toolbar")
        row = QHBoxLayout(bar)
        set_margins(row, 10, 7, 12, 7)
        row.setSpacing(6)
        self.back = self._tool("previous", "chevron-left", -1)
        self.forward = self._tool("next", "chevron-right", 1)
        self.name = ElidedLabel("", bar)
        self.name.setProperty("kind", "heading")
        self.details = Label("", bar)
        self.details.setProperty("kind", "small")
        open_button = QPushButton(tr("attachment.open"), bar)
        open_button.clicked.connect(lambda _on=False: self.open_wanted.emit(self.shown))
        save_button = QPushButton(tr("attachment.save"), bar)
        save_button.clicked.connect(lambda _on=False: self.save_wanted.emit(self.shown))
        for part in (self.back, self.forward):
            row.addWidget(part)
            part.setVisible(len(self._attachments) > 1)
        row.addWidget(self.name, 1)
        row.addWidget(self.details)
        row.addSpacing(8)
        row.addWidget(open_button)
        row.addWidget(save_button)
        return bar

    def _tool(self, name: str, icon: str, way: int) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(tr(f"preview.{name}"))
        button.setAccessibleName(tr(f"preview.{name}"))
        self._theme.grow(button, 18)
        self._theme.tint(button, icon)
        button.clicked.connect(lambda _on=False: self.go(way))
        return button

    @property
    def shown(self) -> Attachment:
        """The attachment shown."""
        return self._attachments[self._at]

    def go(self, way: int) -> None:
        """Show the attachment before or behind the one shown, or this one anew."""
        self._at = (self._at + way) % len(self._attachments)
        attachment = self.shown
        self.setWindowTitle(attachment.name)
        self.name.set_full_text(attachment.name)
        self.details.setText(size_text(attachment.size_octets))
        self._say("")
        self._scope.spawn(self._show(attachment), name=tr("preview.show"))

    async def _show(self, attachment: Attachment) -> None:
        way = way_of(attachment)
        loop = asyncio.get_running_loop()
        if way is Shown.IMAGE:
            image = await loop.run_in_executor(None, _decoded, attachment)
            if not self._is_current(attachment):
                return
            if image.isNull():
                self._say(tr("preview.broken"))
                return
            self.image.show_image(image, attachment.name)
            size = f"{image.width()} × {image.height()}"
            self.details.setText(f"{size}, {size_text(attachment.size_octets)}")
            self._views.setCurrentWidget(self.image)
        elif way is Shown.TEXT:
            text = await loop.run_in_executor(None, _text, attachment)
            if self._is_current(attachment):
                self.text.setPlainText(text)
                self.text.setAccessibleName(attachment.name)
                self._views.setCurrentWidget(self.text)
        elif way is Shown.PDF:
            octets = await loop.run_in_executor(None, lambda: attachment.octets)
            if self._is_current(attachment):
                self._show_pdf(octets, attachment.name)
        else:
            self._say(tr("preview.not"))

    def _is_current(self, attachment: Attachment) -> bool:
        return not self._is_closed and attachment is self.shown

    def _show_pdf(self, octets: bytes, name: str) -> None:
        # QtPdf costs 30 ms and 20 MB: only who looks at a PDF pays.
        from PySide6.QtPdf import QPdfDocument
        from PySide6.QtPdfWidgets import QPdfView

        if self._pdf is None:
            document = QPdfDocument(self)
            view = QPdfView(self)
            view.setDocument(document)
            view.setPageMode(QPdfView.PageMode.MultiPage)
            view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
            view.setFrameShape(QFrame.Shape.NoFrame)
            self._views.addWidget(view)
            self._pdf = (view, document, QBuffer(self))
        view_widget, document, source = self._pdf
        document.close()
        source.close()
        source.setData(QByteArray(octets))
        source.open(QIODevice.OpenModeFlag.ReadOnly)
        document.load(source)
        error = document.error()
        if error == QPdfDocument.Error.IncorrectPassword:
            self._say(tr("preview.locked"))
        elif document.status() == QPdfDocument.Status.Error or not document.pageCount():
            self._say(tr("preview.broken"))
        else:
            view_widget.setAccessibleName(name)
            self._views.setCurrentWidget(view_widget)

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self._views.setCurrentWidget(self.sentence)

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Drop what is shown."""
        self._is_closed = True
        if self._pdf is not None:
            self._pdf[1].close()
        super().closeEvent(event)


class ImageView(QWidget):
    """A picture as large as it fits, never larger than it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._scaled = QImage()

    def show_image(self, image: QImage, name: str) -> None:
        """Show another picture."""
        self._image, self._scaled = image, QImage()
        self.setAccessibleName(name)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002 - Qt's name
        """Draw it in the middle."""
        if self._image.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = (QSize(self.width() - 32, self.height() - 32) * ratio).expandedTo(QSize(1, 1))
        size = self._image.size()
        if size.width() > room.width() or size.height() > room.height():
            size = size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        if self._scaled.size() != size:
            self._scaled = self._image.scaled(
                size,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            self._scaled.setDevicePixelRatio(ratio)
        painter = QPainter(self)
        place = self._scaled.deviceIndependentSize()
        painter.drawImage(
            round((self.width() - place.width()) / 2),
            round((self.height() - place.height()) / 2),
            self._scaled,
        )
        painter.end()


_SCREEN = QSize(3_000, 3_000)  # larger pictures are decoded as large as this


def _decoded(attachment: Attachment) -> QImage:
    source = QBuffer()
    source.setData(QByteArray(attachment.octets))
    source.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(source)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.width() > _SCREEN.width() or size.height() > _SCREEN.height():
        reader.setScaledSize(size.scaled(_SCREEN, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def _text(attachment: Attachment) -> str:
    octets = attachment.octets[:MAX_TEXT_OCTETS]
    text = charset.decode(octets, attachment.part.charset).text.replace("\r\n", "\n")
    is_cut = attachment.size_octets > MAX_TEXT_OCTETS
    return f"{text}\n\n{tr('reading.cut')}" if is_cut else text
