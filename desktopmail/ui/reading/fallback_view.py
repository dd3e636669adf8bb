"""HTML mail without QtWebEngine: a text browser for sanitised pages, cut where it would choke.

QTextBrowser takes exponential time for nested tables (22 deep: 45 s), so tables below the eighth
are shown as text. It is used where QtWebEngine is not installed and where Chromium refuses to
start: for the super user, without its sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QTimer, QUrl, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QPalette, QTextDocument
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from desktopmail.door.interface import DoorError
from desktopmail.tasks import TaskScope
from desktopmail.ui.language import tr
from desktopmail.ui.reading.content import PART_SCHEME, REMOTE_SCHEME, Letter

if TYPE_CHECKING:
    from collections.abc import Container

    from desktopmail.ui.reading.remote import FetchImage
    from desktopmail.ui.theme.theme import Theme

_MAX_TABLES = 8
_MAX_CHARACTERS = 600_000
_TABLE_TAG = re.compile(r"<(/?)(table|thead|tbody|tfoot|tr|td|th|caption)\b[^>]*>", re.IGNORECASE)


def cut_nested_tables(source: str, depth: int = _MAX_TABLES) -> str:
    """Return HTML in which no table stands within more than `depth` others."""
    level = 0
    pieces: list[str] = []
    end = 0
    for match in _TABLE_TAG.finditer(source):
        closing, name = match[1] == "/", match[2].lower()
        if name == "table" and not closing:
            level += 1
        if level > depth:
            pieces += (source[end : match.start()], " ")
            end = match.end()
        if name == "table" and closing:
            level = max(level - 1, 0)
    pieces.append(source[end:])
    return "".join(pieces)


_MAX_IMAGES = 100
_GATHERED_MS = 60
_REMOTE_IMAGE = re.compile(
    rf"<img\b[^>]*\b(?:data-remote\b|src=\"{REMOTE_SCHEME}:/\w+/(\d+)\")[^>]*>", re.IGNORECASE
)
_REMOTE_NUMBER = re.compile(rf"\b{REMOTE_SCHEME}:/\w+/(\d+)")
_ALT = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
_COLOUR_STYLE = re.compile(
    r"(?<![-\w])(?:background(?:-color|-image)?|color)\s*:[^;\"]*;?", re.IGNORECASE
)
_COLOUR_ATTRIBUTE = re.compile(r"\s(?:bgcolor|color|background|text)=\"[^\"]*\"", re.IGNORECASE)
_TAG = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)


def without_remote_images(source: str, box: str = "", here: Container[int] = ()) -> str:
    """Return HTML in which what an image would say stands in place of each that is not here.

    Args:
        source: Sanitised HTML.
        box: The style of those words.
        here: The numbers of the remote images that were loaded.
    """

    def words(match: re.Match[str]) -> str:
        if match[1] and int(match[1]) in here:
            return match[0]
        alt = _ALT.search(match[0])
        if alt is None or not alt[1].strip():
            return ""
        return f'<span style="{box}">&nbsp;{alt[1]}&nbsp;</span>'

    return _REMOTE_IMAGE.sub(words, source)


def without_colours(source: str) -> str:
    """Return HTML that leaves all colours to the reader: what a dark theme needs."""

    def bare(match: re.Match[str]) -> str:
        return _COLOUR_STYLE.sub("", _COLOUR_ATTRIBUTE.sub("", match[0]))

    return _TAG.sub(bare, source)


class FallbackView(QTextBrowser):
    """Shows sanitised HTML; only parts of the message itself are loaded, and allowed images.

    Args:
        theme: Colours.
        fetch_image: Fetches a remote image through the engine: (octets, media type).

    Signals:
        link_clicked: A link was clicked (target).
        link_hovered: The pointer is over a link, or left it (target or "").
        menu_wanted: A context menu is wanted (QPoint, link target or "").

    Attributes:
        is_ready: Whether a letter is on the screen: always, nothing is laid out elsewhere.
    """

    is_ready = True
    link_clicked = Signal(str)
    link_hovered = Signal(str)
    menu_wanted = Signal(object, str)

    def __init__(
        self,
        theme: Theme,
        fetch_image: FetchImage | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("readingBody")
        self.setAccessibleName(tr("reading.body"))
        self._theme = theme
        self._fetch_image = fetch_image
        self._letter: Letter | None = None
        self._images: dict[int, QImage] = {}
        self.failed: list[str] = []
        self.scope = TaskScope(lambda name, error: self.failed.append(f"{name}: {error}"))
        self._redrawing = QTimer(self)
        self._redrawing.setSingleShot(True)
        self._redrawing.setInterval(_GATHERED_MS)
        self._redrawing.timeout.connect(self._redraw)
        self._zoom = 1.0
        self._original = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.document().setDocumentMargin(24)
        self.anchorClicked.connect(lambda url: self.link_clicked.emit(url.toString()))
        self.highlighted.connect(lambda url: self.link_hovered.emit(url.toString()))
        theme.changed.connect(self._draw)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the menu to the pane."""
        self.menu_wanted.emit(event.globalPos(), self.anchorAt(event.pos()))

    def show_letter(self, letter: Letter) -> None:
        """Show a message's HTML."""
        self._letter = letter
        self._images = {}
        self._draw()
        self.verticalScrollBar().setValue(0)
        self._load_images(letter)

    def set_zoom(self, zoom: float) -> None:
        """Show letters `zoom` times as large."""
        self._zoom = zoom
        self._draw()

    def selected_text(self) -> str:
        """What is selected."""
        return self.textCursor().selectedText().replace("\u2029", "\n")

    def use_original_colours(self, wanted: bool) -> None:
        """Show the page on white, as its writer saw it, or on the theme's own ground."""
        self._original = wanted
        self._draw()

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802 - Qt's name
        """Give out images that came with the message or were loaded before, nothing else."""
        target = name.toString() if isinstance(name, QUrl) else name
        image = int(QTextDocument.ResourceType.ImageResource.value)
        if self._letter is None or kind != image:
            return None
        remote = _REMOTE_NUMBER.fullmatch(target)
        if remote is not None:
            found = self._images.get(int(remote[1]))
            return self._fitted(found) if found is not None else None
        own = f"{PART_SCHEME}:/{self._letter.key}/"
        if not target.startswith(own):
            return None
        part = self._letter.message.part(target.removeprefix(own))
        if part is None or part.type != "image":
            return None
        return self._fitted(QImage.fromData(QByteArray(part.content)))

    def _fitted(self, picture: QImage) -> QImage:
        room = max(self.viewport().width() - 60, 100)
        return picture.scaledToWidth(room) if picture.width() > room else picture

    # ---- remote images

    def _load_images(self, letter: Letter) -> None:
        fetch = self._fetch_image
        if fetch is None or letter.html is None:
            return
        urls = letter.html.remote_images
        numbers = {int(number) for number in _REMOTE_NUMBER.findall(letter.html.html)}
        for number in sorted(numbers)[:_MAX_IMAGES]:
            if number < len(urls):
                self.scope.spawn(self._load(letter, number, fetch), name=urls[number])

    async def _load(
        self,
        letter: Letter,
        number: int,
        fetch: FetchImage,
    ) -> None:
        if letter.html is None or letter is not self._letter:
            return
        with contextlib.suppress(DoorError):  # who fetches for us tells the reader
            octets, _ = await fetch(letter.html.remote_images[number])
            loop = asyncio.get_running_loop()
            picture = await loop.run_in_executor(None, QImage.fromData, QByteArray(octets))
            if letter is self._letter and not picture.isNull():
                self._images[number] = picture
                self._redrawing.start()

    def _redraw(self) -> None:
        place = self.verticalScrollBar().value()
        self._draw()
        self.verticalScrollBar().setValue(place)

    def _draw(self) -> None:
        if self._letter is None or self._letter.html is None:
            return
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.06 * self._zoom)
        self.document().setDefaultFont(font)
        tokens = self._theme.tokens
        source = cut_nested_tables(self._letter.html.html[:_MAX_CHARACTERS])
        on_paper = self._original and self._theme.dark
        if self._theme.dark and not on_paper:
            source = without_colours(source)
        box = f"background-color: {tokens.border}; color: {tokens.muted};"
        if on_paper:
            box = "background-color: #e1e3e8; color: #5a6170;"
        source = without_remote_images(source, box, self._images)
        link = "#1a56c4" if on_paper else tokens.accent
        self.document().setDefaultStyleSheet(f"a {{ color: {link}; }}")
        ground = "#ffffff" if on_paper else tokens.surface
        ink = "#000000" if on_paper else tokens.text
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(ground))
        palette.setColor(QPalette.ColorRole.Text, QColor(ink))
        self.setPalette(palette)
        self.setHtml(source)
