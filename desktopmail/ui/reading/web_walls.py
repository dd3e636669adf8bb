"""The walls round HTML in QtWebEngine: nothing a message says can run, load or tell anybody.

The walls, each enough for most leaks and together for all 15 ways that were tried: the page was
sanitised before (`desktopmail.mime.html`), scripts are off, the profile is off the record, pages
and images come over private schemes only, an interceptor refuses every other request, a content
security policy says the same to Chromium, navigation is refused, and no host name resolves.

Importing this module brings QtWebEngine in (60 ms, 100 MB): what shows and prints HTML does, when
the first such message is opened.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QUrl, Signal
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from PySide6.QtWidgets import QApplication

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


class Source(Protocol):
    """What one page is made of."""

    @property
    def key(self) -> str:
        """The key of its message, which the addresses of its images hold."""
        ...

    def page_octets(self) -> bytes:
        """The page itself, UTF-8."""
        ...

    def part(self, number: str) -> tuple[bytes, bytes] | None:
        """An image that came with the message: (media type, octets)."""
        ...

    def fetch(self, number: str, job: QWebEngineUrlRequestJob) -> None:
        """Fetch a remote image, then answer the job."""
        ...


@dataclass(frozen=True, slots=True)
class Walls:
    """What is made once, before the first page."""

    profile: QWebEngineProfile
    handler: SchemeHandler
    interceptor: Interceptor


@functools.cache
def prepare() -> Walls:
    """Make the profile of all HTML messages, the first time; costs 50 to 190 ms."""
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
    interceptor = Interceptor(profile)
    handler = SchemeHandler(profile)
    profile.setUrlRequestInterceptor(interceptor)
    for name in (PAGE, PART, REMOTE):
        profile.installUrlSchemeHandler(name, handler)
    profile.downloadRequested.connect(lambda download: download.cancel())
    settings = profile.settings()
    for attribute, on in _SETTINGS.items():
        settings.setAttribute(attribute, on)
    # A newsletter asks for Arial; where that is not installed it would get Chromium's serif.
    usual = QApplication.font().family()
    family = QWebEngineSettings.FontFamily
    for role in (family.StandardFont, family.SansSerifFont):
        settings.setFontFamily(role, usual)
    return Walls(profile, handler, interceptor)


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


class Interceptor(QWebEngineUrlRequestInterceptor):
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


class SchemeHandler(QWebEngineUrlSchemeHandler):
    """Serves all pages, and the images that belong to them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._sources: dict[str, Source] = {}
        self._numbers = 0

    def admit(self, source: Source) -> QUrl:
        """Give a page an address, until it is forgotten."""
        self._numbers += 1
        path = f"/{self._numbers}"
        self._sources[path] = source
        return QUrl(f"{PAGE.decode()}:{path}")

    def forget(self, source: Source | None) -> None:
        """A page is not shown any more."""
        self._sources = {path: it for path, it in self._sources.items() if it is not source}

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:  # noqa: N802 - Qt's name
        """Answer a request for a page, a part or an image."""
        url = job.requestUrl()
        scheme, path = url.scheme().encode(), url.path()
        if scheme == PAGE:
            page = self._sources.get(path)
            if page is not None:
                answer(job, b"text/html; charset=utf-8", page.page_octets())
                return
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            return
        key, _, number = path.removeprefix("/").partition("/")
        source = self._of_message(key)
        if source is not None and scheme == REMOTE:
            source.fetch(number, job)
            return
        found = source.part(number) if source is not None else None
        if found is None:
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
        else:
            answer(job, found[0], found[1])

    def _of_message(self, key: str) -> Source | None:
        # Chromium names only the origin of who asks, not the page: the address itself tells.
        return next((it for it in reversed(self._sources.values()) if it.key == key), None)


def answer(job: QWebEngineUrlRequestJob, media_type: bytes, octets: bytes) -> None:
    """Answer a request, with the policy."""
    buffer = QBuffer(job)
    buffer.setData(QByteArray(octets))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    # The value has to be a *list* of QByteArray: anything else is dropped without a word.
    headers = {QByteArray(name): [QByteArray(value)] for name, value in _HEADERS.items()}
    job.setAdditionalResponseHeaders(headers)  # type: ignore[arg-type] # the stubs know no multimap
    job.reply(QByteArray(media_type), buffer)


class Page(QWebEnginePage):
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
