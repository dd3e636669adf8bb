"""HTML mail without QtWebEngine: a text browser for sanitised pages, cut where it would choke.

QTextBrowser takes exponential time for nested tables (22 deep: 45 s), so tables below the eighth
are shown as text, and 1.4 ms for each thousand letters of a table, so what is long comes in
pieces (`fallback_page.py` beside it). It is used where QtWebEngine is not installed and where
Chromium refuses to start: for the super user, without its sandbox.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from html import escape
from itertools import chain
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QImage,
    QPalette,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from desktopmail.door.interface import DoorError
from desktopmail.tasks import TaskScope
from desktopmail.ui.dates import size_text
from desktopmail.ui.language import tr
from desktopmail.ui.reading.content import PART_SCHEME, Letter
from desktopmail.ui.reading.fallback_page import (
    REMOTE_NUMBER,
    beginning,
    cut_nested_tables,
    pieces,
    with_buttons,
    with_places,
    within,
    without_colours,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.ui.reading.remote import FetchImage
    from desktopmail.ui.theme.theme import Theme

_SHOWN_AT_ONCE = 600_000  # letters, with the tags
_MORE = "more:"  # the target of the line that shows more of a very long page
_MAX_IMAGES = 100
_PADDING = 40  # what cells round an image take, about
_GATHERED_MS = 60
_SLICE_S = 0.012  # of the thread's time, then others have it


class FallbackView(QTextBrowser):
    """Shows sanitised HTML; only parts of the message itself are loaded, and allowed images.

    Args:
        theme: Colours.
        fetch_image: Fetches a remote image through the engine: (octets, media type).

    Signals:
        link_clicked: A link was clicked (target).
        link_hovered: The pointer is over a link, or left it (target or "").
        menu_wanted: A context menu is wanted (QPoint, link target or "").
    """

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
        self._filling = QTimer(self)
        self._filling.setSingleShot(True)
        self._filling.timeout.connect(self._fill)
        self._rest: Iterator[str] = iter(())
        self._limit = _SHOWN_AT_ONCE
        self._place = 0  # where the reader was before it is filled again
        self._zoom = 1.0
        self._original = False
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.document().setDocumentMargin(24)
        self.anchorClicked.connect(lambda url: self._follow(url.toString()))
        self.highlighted.connect(lambda url: self._hover(url.toString()))
        theme.changed.connect(self._draw)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the menu to the pane."""
        self.menu_wanted.emit(event.globalPos(), self.anchorAt(event.pos()))

    def show_letter(self, letter: Letter) -> None:
        """Show a message's HTML."""
        self._letter = letter
        self._images = {}
        self._limit = _SHOWN_AT_ONCE
        self._draw()
        self.verticalScrollBar().setValue(0)
        self._load_images(letter)

    @property
    def is_ready(self) -> bool:
        """Whether the letter asked for last is on the screen as a whole."""
        return not self._filling.isActive()

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
        remote = REMOTE_NUMBER.fullmatch(target)
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

    def _follow(self, target: str) -> None:
        if target == _MORE:
            self._limit += _SHOWN_AT_ONCE
            self._draw(keep_place=True)
        else:
            self.link_clicked.emit(target)

    def _hover(self, target: str) -> None:
        self.link_hovered.emit("" if target == _MORE else target)

    def _room(self) -> int:
        return max(self.viewport().width() - 60, 100)

    def _fitted(self, picture: QImage) -> QImage:
        room = self._room()
        return picture.scaledToWidth(room) if picture.width() > room else picture

    # ---- remote images

    def _load_images(self, letter: Letter) -> None:
        fetch = self._fetch_image
        if fetch is None or letter.html is None:
            return
        urls = letter.html.remote_images
        numbers = {int(number) for number in REMOTE_NUMBER.findall(letter.html.html)}
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
        self._draw(keep_place=True)

    # ---- filling

    def _draw(self, *, keep_place: bool = False) -> None:
        if self._letter is None or self._letter.html is None:
            return
        begun = time.thread_time()
        self._place = self.verticalScrollBar().value() if keep_place else 0
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.06 * self._zoom)
        tokens = self._theme.tokens
        on_paper = self._original and self._theme.dark
        is_darkened = self._theme.dark and not on_paper
        whole = self._letter.html.html
        shown = beginning(whole, self._limit)
        ground, ink = ("#e1e3e8", "#5a6170") if on_paper else (tokens.border, tokens.muted)
        room, border = self._room(), tokens.border if is_darkened else ""

        def made_ready(piece: str) -> str:
            source = with_buttons(within(piece, room), border)
            if is_darkened:
                source = without_colours(source)
            return with_places(source, ground, ink, self._images, room - _PADDING)

        link = "#1a56c4" if on_paper else tokens.accent
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor("#ffffff" if on_paper else tokens.surface))
        palette.setColor(QPalette.ColorRole.Text, QColor("#000000" if on_paper else tokens.text))
        self.setPalette(palette)
        self.clear()
        self.document().setDefaultFont(font)
        self.document().setDefaultStyleSheet(f"a {{ color: {link}; }}")
        # Each piece when its turn comes: all at once they would hold the first one up.
        source = map(made_ready, pieces(cut_nested_tables(shown)))
        self._rest = chain(source, _line_for_more(len(whole) - len(shown), ink))
        self._fill_since(begun)

    def _fill(self) -> None:
        self._fill_since(time.thread_time())

    def _fill_since(self, begun: float) -> None:
        """Show a piece, and more as a slice of time allows; the rest follows by and by."""
        cursor = QTextCursor(self.document())
        for piece in self._rest:
            cursor.movePosition(QTextCursor.MoveOperation.End)
            if cursor.block().length() > 1:  # behind a table stands an empty one already
                cursor.insertBlock(QTextBlockFormat(), QTextCharFormat())
            cursor.insertHtml(piece)
            if time.thread_time() - begun > _SLICE_S:
                self._filling.start()
                break
        else:
            self._filling.stop()
        if self._place:
            self.verticalScrollBar().setValue(self._place)


def _line_for_more(left: int, ink: str) -> list[str]:
    """The line that says how much is not shown, where there is any; a click shows more of it."""
    if left <= 0:
        return []
    words = escape(tr("reading.more", size=size_text(left)))
    style = f"color: {ink}; text-decoration: none;"
    return [f'<p><a href="{_MORE}" style="{style}">•••&nbsp; {words}</a></p>']
