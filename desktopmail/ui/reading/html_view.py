"""HTML mail in QtWebEngine, walled in: nothing a message says can run, load or tell anybody.

The walls, each enough for most leaks and together for all 15 ways that were tried: the page was
sanitised before (`desktopmail.mime.html`), scripts are off, the profile is off the record, pages
and images come over private schemes only, an interceptor refuses every other request, a content
security policy says the same to Chromium, navigation is refused, and no host name resolves.

Importing this module brings QtWebEngine in (60 ms, 100 MB): only `pane.py` does, when the first
HTML message is opened.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QEvent,
    QIODevice,
    QObject,
    QPoint,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QColor, QContextMenuEvent
from PySide6.QtWebEngineCore import (
    QWebEngineFindTextResult,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from desktopmail.door.interface import DoorError
from desktopmail.ui.language import tr
from desktopmail.ui.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.theme.theme import Theme

PAGE, PART, REMOTE = b"mail-text", b"mail-part", b"mail-remote"
_OWN = {PAGE.decode(), PART.decode(), REMOTE.decode(), "data"}
_POLICY = (
    b"default-src 'none'; style-src 'unsafe-inline'; "
    b"img-src mail-part: mail-remote: data:; font-src 'none'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)
_HEADERS = {
    b"Content-Security-Policy": _POLICY,
    b"X-Content-Type-Options": b"nosniff",
    b"Referrer-Policy": b"no-referrer",
}
_NO_HOSTS = '--host-resolver-rules="MAP * ~NOTFOUND"'
_IMAGE_TYPES = {
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/bmp",
    "image/x-icon",
    "image/avif",
}  # no SVG: it can hold scripts and fetch
# What Chromium's darkening makes of it is the dark theme's surface; of white it makes a black hole.
_DARKENED_GROUND = "#f2f4fb"
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><style>
html {{ font-family: "{family}", sans-serif; font-size: {size}px; line-height: 1.45; }}
body {{ margin: 20px 24px; overflow-wrap: break-word; background: {ground}; color: #1b1e24; }}
img {{ max-width: 100%; height: auto; }}
pre {{ white-space: pre-wrap; }}
blockquote[type="cite"] {{ margin: 0 0 0 4px; padding-left: 12px; border-left: 3px solid #c9cdd5; }}
a {{ color: #2160d8; }}
table {{ max-width: 100%; }}
details.dm-fold > summary {{ display: inline-block; list-style: none; cursor: pointer;
 padding: 0 10px; margin: 4px 0; border-radius: 9px; background: #dde1e9; color: #5a6170;
 letter-spacing: 2px; font-size: 70%; }}
details.dm-fold > summary::-webkit-details-marker {{ display: none; }}
</style></head><body dir="auto">{body}</body></html>"""


class _Walls:
    """What is made once, before the first page: schemes, flags, the profile."""

    profile: QWebEngineProfile | None = None
    handler: _SchemeHandler | None = None
    interceptor: _Interceptor | None = None


def prepare() -> QWebEngineProfile:
    """Make the profile of all HTML messages, the first time; costs 50 to 190 ms."""
    if _Walls.profile is not None:
        return _Walls.profile
    flags = os.environ.get("QTWEBENGINE_CHROMIUM_FLAGS", "")
    if "host-resolver-rules" not in flags:
        os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = f"{flags} {_NO_HOSTS}".strip()
    for name in (PAGE, PART, REMOTE):
        scheme = QWebEngineUrlScheme(name)
        scheme.setSyntax(QWebEngineUrlScheme.Syntax.Path)
        scheme.setFlags(QWebEngineUrlScheme.Flag.SecureScheme)
        QWebEngineUrlScheme.registerScheme(scheme)
    application = QApplication.instance()
    profile = QWebEngineProfile(application)  # without a name: off the record
    profile.setPersistentCookiesPolicy(
        QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies
    )
    profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.NoCache)
    profile.setSpellCheckEnabled(False)
    _Walls.interceptor = _Interceptor(profile)
    _Walls.handler = _SchemeHandler(profile)
    profile.setUrlRequestInterceptor(_Walls.interceptor)
    for name in (PAGE, PART, REMOTE):
        profile.installUrlSchemeHandler(name, _Walls.handler)
    profile.downloadRequested.connect(lambda download: download.cancel())
    settings = profile.settings()
    for attribute, on in _SETTINGS.items():
        settings.setAttribute(attribute, on)
    _Walls.profile = profile
    return profile


_Attribute = QWebEngineSettings.WebAttribute
_SETTINGS = {
    _Attribute.JavascriptEnabled: False,
    _Attribute.JavascriptCanOpenWindows: False,
    _Attribute.JavascriptCanAccessClipboard: False,
    _Attribute.LocalStorageEnabled: False,
    _Attribute.LocalContentCanAccessRemoteUrls: False,
    _Attribute.LocalContentCanAccessFileUrls: False,
    _Attribute.PluginsEnabled: False,
    _Attribute.PdfViewerEnabled: False,
    _Attribute.WebGLEnabled: False,
    _Attribute.Accelerated2dCanvasEnabled: False,
    _Attribute.AutoLoadIconsForPage: False,
    _Attribute.TouchIconsEnabled: False,
    _Attribute.HyperlinkAuditingEnabled: False,
    _Attribute.DnsPrefetchEnabled: False,
    _Attribute.FullScreenSupportEnabled: False,
    _Attribute.ScreenCaptureEnabled: False,
    _Attribute.NavigateOnDropEnabled: False,
    _Attribute.ErrorPageEnabled: False,
    _Attribute.AllowWindowActivationFromJavaScript: False,
    _Attribute.FocusOnNavigationEnabled: False,
    _Attribute.PlaybackRequiresUserGesture: True,
}


class _Interceptor(QWebEngineUrlRequestInterceptor):
    """Refuses every request that is not for a part of the message itself."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.refused: list[str] = []

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 - Qt's name
        """Let the private schemes pass; block the rest."""
        if info.requestUrl().scheme() not in _OWN:
            self.refused.append(info.requestUrl().toString())
            del self.refused[:-50]
            info.block(True)


class _SchemeHandler(QWebEngineUrlSchemeHandler):
    """Serves the pages of all views, and the images that belong to them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._views: dict[str, HtmlView] = {}
        self._numbers = 0

    def admit(self, view: HtmlView) -> str:
        """Give a view a new address for its next page; the one before is forgotten."""
        self._views = {path: it for path, it in self._views.items() if it is not view}
        self._numbers += 1
        path = f"/{self._numbers}"
        self._views[path] = view
        return path

    def forget(self, view: HtmlView) -> None:
        """A view is gone."""
        self._views = {path: it for path, it in self._views.items() if it is not view}

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:  # noqa: N802 - Qt's name
        """Answer a request for a page, a part or an image."""
        url = job.requestUrl()
        scheme = url.scheme().encode()
        if scheme == PAGE:
            view = self._views.get(url.path())
            if view is not None:
                _answer(job, b"text/html; charset=utf-8", view.page_octets())
                return
        else:
            view = self._views.get(job.initiator().path()) or self._only_view()
            if view is not None and scheme == PART:
                found = view.part(url.path().removeprefix("/"))
                if found is not None:
                    _answer(job, found[0], found[1])
                    return
            elif view is not None and scheme == REMOTE:
                view.fetch(url.path().removeprefix("/"), job)
                return
        job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)

    def _only_view(self) -> HtmlView | None:
        # Chromium names only the origin of the initiator, not its path: the view that asks is
        # the one that loaded last.
        return next(reversed(self._views.values()), None)


def _answer(job: QWebEngineUrlRequestJob, media_type: bytes, octets: bytes) -> None:
    buffer = QBuffer(job)
    buffer.setData(QByteArray(octets))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    # The value has to be a *list* of QByteArray: anything else is dropped without a word.
    headers = {QByteArray(name): [QByteArray(value)] for name, value in _HEADERS.items()}
    job.setAdditionalResponseHeaders(headers)  # type: ignore[arg-type] # the stubs know no multimap
    job.reply(QByteArray(media_type), buffer)


class _Page(QWebEnginePage):
    """Goes nowhere: links are given to the pane."""

    link_clicked = Signal(str)

    def acceptNavigationRequest(  # noqa: N802 - Qt's name
        self,
        url: QUrl | str,
        kind: QWebEnginePage.NavigationType,
        is_main: bool,
    ) -> bool:
        """Let only our own page in; tell of links."""
        target = url if isinstance(url, QUrl) else QUrl(url)
        if kind == QWebEnginePage.NavigationType.NavigationTypeLinkClicked:
            if target.scheme() != PAGE.decode():
                self.link_clicked.emit(target.toString())
                return False
            return True  # within the page: an anchor
        return is_main and target.scheme() == PAGE.decode()

    def createWindow(self, kind: QWebEnginePage.WebWindowType) -> QWebEnginePage:  # noqa: N802, ARG002 - Qt's signature
        """Open no window."""
        return None  # type: ignore[return-value] # Qt's way to refuse

    def javaScriptConsoleMessage(self, *_arguments: object) -> None:  # noqa: N802 - Qt's name
        """Scripts are off; what Chromium says of the policy's work is no news."""


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
    """

    link_clicked = Signal(str)
    link_hovered = Signal(str)
    menu_wanted = Signal(object, str)
    shown = Signal()

    def __init__(
        self,
        theme: Theme,
        fetch_image: Callable[[str], Awaitable[tuple[bytes, str]]] | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("readingBody")
        self._theme = theme
        self._fetch_image = fetch_image
        self._letter: Letter | None = None
        self._original = False
        self._was_darkened = False
        self._hovered = ""
        self.failed: list[str] = []
        self.scope = TaskScope(lambda name, error: self.failed.append(f"{name}: {error}"))
        # Without these the first web view on X11 makes every window above it again, visibly.
        self.setAttribute(Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
        self.setAttribute(Qt.WidgetAttribute.WA_NativeWindow)
        profile = prepare()
        self._view = QWebEngineView(self)
        self._view.setAccessibleName(tr("reading.body"))
        self._page = _Page(profile, self._view)
        self._view.setPage(self._page)
        self._view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self._page.link_clicked.connect(self.link_clicked)
        self._page.linkHovered.connect(self._hover)
        self._page.loadFinished.connect(lambda _ok: self.shown.emit())
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
        handler = _Walls.handler
        if handler is not None:
            self._page.load(QUrl(f"{PAGE.decode()}:{handler.admit(self)}"))

    def set_zoom(self, zoom: float) -> None:
        """Show letters `zoom` times as large."""
        self._page.setZoomFactor(zoom)

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

    # ---- what the scheme handler asks for

    def page_octets(self) -> bytes:
        """The page, with our own frame round the message's HTML."""
        if self._letter is None or self._letter.html is None:
            return b""
        font = self.font()
        size = round(font.pointSizeF() * 1.06 * 96 / 72, 1)
        page = _PAGE.format(
            family=font.family(),
            size=size,
            ground=_DARKENED_GROUND if self._is_darkened else "#ffffff",
            body=self._letter.page,
        )
        return page.encode("utf-8", "replace")

    def part(self, number: str) -> tuple[bytes, bytes] | None:
        """An image that came with the message: (media type, octets)."""
        if self._letter is None:
            return None
        part = self._letter.message.part(number)
        if part is None:
            return None
        media_type = f"{part.type}/{part.subtype}".lower()
        return (media_type.encode(), part.content) if media_type in _IMAGE_TYPES else None

    def fetch(self, number: str, job: QWebEngineUrlRequestJob) -> None:
        """Fetch a remote image through the engine, then answer."""
        safe = self._letter.html if self._letter is not None else None
        urls = safe.remote_images if safe is not None else ()
        if self._fetch_image is None or not number.isdigit() or int(number) >= len(urls):
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        alive = [True]
        job.destroyed.connect(lambda: alive.clear())
        self.scope.spawn(self._fetch(urls[int(number)], job, alive), name=urls[int(number)])

    async def _fetch(self, url: str, job: QWebEngineUrlRequestJob, alive: list[bool]) -> None:
        if self._fetch_image is None:
            return
        try:
            octets, media_type = await self._fetch_image(url)
        except DoorError:  # who fetches for us tells the reader
            if alive:
                job.fail(QWebEngineUrlRequestJob.Error.RequestFailed)
            return
        if alive and media_type in _IMAGE_TYPES:
            _answer(job, media_type.encode(), octets)
        elif alive:
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)

    # ---- events

    def _apply_theme(self) -> None:
        darkened = self._is_darkened
        if self._letter is not None and darkened != self._was_darkened:
            self.show_letter(self._letter)  # its ground is another one
        self._was_darkened = darkened
        self._page.settings().setAttribute(_Attribute.ForceDarkMode, darkened)
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
        if event.type() == QEvent.Type.DeferredDelete and _Walls.handler is not None:
            _Walls.handler.forget(self)
        return super().event(event)


def release() -> None:
    """Delete the profile after the last page; Chromium complains otherwise."""
    profile, _Walls.profile = _Walls.profile, None
    if profile is not None:
        profile.deleteLater()
