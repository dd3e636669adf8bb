"""HTML mail in QtWebEngine, within the walls of `web_walls.py`.

Importing this module brings QtWebEngine in (60 ms, 100 MB): only `pane.py` does, when the first
HTML message is opened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QResizeEvent
from PySide6.QtWebEngineCore import (
    QWebEngineFindTextResult,
    QWebEnginePage,
    QWebEngineSettings,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktopmail.tasks import TaskScope
from desktopmail.ui.language import tr
from desktopmail.ui.reading.letter_page import LetterPage
from desktopmail.ui.reading.web_walls import Page, prepare

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.remote import FetchImage
    from desktopmail.ui.theme.theme import Theme

_SCROLL_BAR = 12
_LEAST_ZOOM = 0.6  # smaller letters could not be read: rather it scrolls
_FORCE_DARK = QWebEngineSettings.WebAttribute.ForceDarkMode


class HtmlView(QWidget):
    """Shows sanitised HTML.

    Args:
        theme: Dark pages are darkened by Chromium unless the original colours are wanted.
        fetch_image: Fetches a remote image through the engine: (octets, media type).

    Signals:
        link_clicked: A link was clicked (target).
        link_hovered: The pointer is over a link, or left it (target or "").
        menu_wanted: A context menu is wanted (QPoint, link target or "").
        shown: A page is on the screen.

    Attributes:
        is_ready: Whether the page asked for last is.
    """

    link_clicked = Signal(str)
    link_hovered = Signal(str)
    menu_wanted = Signal(object, str)
    shown = Signal()

    def __init__(
        self,
        theme: Theme,
        fetch_image: FetchImage | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("readingBody")
        self._theme = theme
        self._fetch_image = fetch_image
        self._letter: Letter | None = None
        self._source: LetterPage | None = None
        self._original = False
        self._was_darkened = False
        self._hovered = ""
        self.is_ready = False
        self._zoom = 1.0
        self._is_other = True  # the page asked for last is in the view, in place of the one before
        self._least_width = 0.0  # below it the page would be wider than the view, unzoomed
        self.failed: list[str] = []
        self.scope = TaskScope(lambda name, error: self.failed.append(f"{name}: {error}"))
        # Without these the first web view on X11 makes every window above it again, visibly.
        self.setAttribute(Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
        self.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
        self._walls = prepare()
        self._view = QWebEngineView(self)
        self._view.setAccessibleName(tr("reading.body"))
        self._page = Page(self._walls.profile, self._view)
        self._view.setPage(self._page)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._page.link_clicked.connect(self.link_clicked)
        self._page.linkHovered.connect(self._hover)
        self._page.loadFinished.connect(self._loaded)
        self._page.urlChanged.connect(lambda _url: self._begin_other())
        self._page.contentsSizeChanged.connect(self._measure)
        self.setFocusProxy(self._view)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self._view)
        theme.changed.connect(self._apply_theme)
        self._apply_theme()

    @property
    def _is_darkened(self) -> bool:
        return self._theme.dark and not self._original

    # ---- what the pane asks for

    def show_letter(self, letter: Letter) -> None:
        """Show a message's HTML."""
        self._letter = letter
        self.is_ready = False
        self._is_other = False
        self._walls.handler.forget(self._source)
        source = LetterPage(letter, letter.page, self.font(), self._fetch_image, self.scope)
        source.is_darkened = self._is_darkened
        if self._is_darkened:
            tokens = self._theme.tokens
            source.scroll_handle, source.scroll_track = tokens.border_strong, tokens.surface
        self._source = source
        self._page.load(self._walls.handler.admit(source))

    def set_zoom(self, zoom: float) -> None:
        """Show letters `zoom` times as large, as far as the width of the page allows."""
        self._zoom = zoom
        self._fit()

    def use_original_colours(self, wanted: bool) -> None:
        """Show the page as its writer coloured it, or darkened in the dark theme."""
        self._original = wanted
        self._apply_theme()

    def find_words(self, words: str, backwards: bool, answer: Callable[[bool], None]) -> None:
        """Go to the next place where words stand."""
        flags = QWebEnginePage.FindFlag(0)
        if backwards:
            flags |= QWebEnginePage.FindFlag.FindBackward

        def told(result: QWebEngineFindTextResult) -> None:
            answer(result.numberOfMatches() > 0)

        self._page.findText(words, flags, told)

    def selected_text(self) -> str:
        """What is selected."""
        return self._page.selectedText()

    # ---- events

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Another width may show more of a page that was made smaller to fit."""
        super().resizeEvent(event)
        self._fit()

    def _begin_other(self) -> None:
        if not self._is_other:
            self._is_other = True
            self._least_width = 0.0
            self._fit()

    def _measure(self, contents: QSizeF) -> None:
        """Note how wide a page is that was laid out for more than there is, as newsletters are."""
        if self._is_other and contents.width() > self.width() + 1:
            self._least_width = contents.width() / self._page.zoomFactor()
            self._fit()

    def _fit(self) -> None:
        zoom = self._zoom
        if self._least_width:
            room = (self.width() - _SCROLL_BAR) / self._least_width
            zoom = min(zoom, max(room, _LEAST_ZOOM * zoom))
        self._page.setZoomFactor(zoom)

    def _loaded(self, _ok: bool) -> None:
        self._begin_other()
        if (inner := self._view.focusProxy()) is not None:  # Chromium's own, which has the focus
            inner.setAccessibleName(self._view.accessibleName())
        self.is_ready = True
        self.shown.emit()

    def _apply_theme(self) -> None:
        darkened = self._is_darkened
        if self._letter is not None and darkened != self._was_darkened:
            self.show_letter(self._letter)  # its ground is another one
        self._was_darkened = darkened
        self._page.settings().setAttribute(_FORCE_DARK, darkened)
        # Before the first page, and between two: no white flash in the dark.
        self._page.setBackgroundColor(
            QColor(self._theme.tokens.surface) if darkened else QColor("#ffffff")
        )

    def _hover(self, target: str) -> None:
        self._hovered = target
        self.link_hovered.emit(target)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802 - Qt's name
        """Leave the menu to the pane."""
        self.menu_wanted.emit(QPoint(event.globalPos()), self._hovered)

    def event(self, event: QEvent) -> bool:
        """Forget the view where it is deleted."""
        if event.type() == QEvent.Type.DeferredDelete:
            self._walls.handler.forget(self._source)
        return super().event(event)
