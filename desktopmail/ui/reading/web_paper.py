"""HTML mail on paper: laid out and painted by Chromium's process, behind the same walls.

Brings QtWebEngine in, as `html_view.py` does.
"""

from __future__ import annotations

import asyncio
from html import escape
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QByteArray, QMarginsF
from PySide6.QtGui import QPageLayout
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

from desktopmail.tasks import TaskScope
from desktopmail.ui.language import tr
from desktopmail.ui.reading.letter_page import LetterPage
from desktopmail.ui.reading.paper import MARGIN_MM, headings
from desktopmail.ui.reading.web_walls import Page, prepare

if TYPE_CHECKING:
    from PySide6.QtGui import QPageSize

    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.remote import FetchImage

_T = TypeVar("_T")
_PATIENCE_S = 60.0  # for a page with its images


class PaperError(Exception):
    """Chromium made no page of it."""


class WebPaper:
    """One message laid out to be printed, once; `close()` it.

    Args:
        letter: It has HTML.
        fetch_image: Fetches what `letter` may load from the network.
    """

    def __init__(self, letter: Letter, fetch_image: FetchImage | None) -> None:
        self._walls = prepare()
        self.failed: list[str] = []
        self._scope = TaskScope(lambda name, error: self.failed.append(f"{name}: {error}"))
        html = letter.html.html if letter.html is not None else ""
        self._source = LetterPage(
            letter, _head(letter) + html, QApplication.font(), fetch_image, self._scope
        )
        self._view = QWebEngineView()
        self._view.setPage(Page(self._walls.profile, self._view))

    async def pdf(self, size: QPageSize) -> bytes:
        """Lay it out with its images, and return it as a PDF.

        Raises:
            PaperError: Chromium gave it up, or took too long.
        """
        loop = asyncio.get_running_loop()
        loaded: asyncio.Future[bool] = loop.create_future()
        made: asyncio.Future[bytes] = loop.create_future()

        def tell(ok: bool) -> None:
            if not loaded.done():
                loaded.set_result(ok)

        def take(octets: QByteArray) -> None:
            if not made.done():
                made.set_result(bytes(octets.data()))

        self._view.loadFinished.connect(tell)
        self._view.load(self._walls.handler.admit(self._source))
        if not await _in_time(loaded):
            raise PaperError
        margins = QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM)
        orientation, unit = QPageLayout.Orientation.Portrait, QPageLayout.Unit.Millimeter
        self._view.page().printToPdf(take, QPageLayout(size, orientation, margins, unit))
        octets = await _in_time(made)
        if not octets:
            raise PaperError
        return octets

    async def close(self) -> None:
        """Forget the page."""
        await self._scope.close()
        self._walls.handler.forget(self._source)
        self._view.deleteLater()


async def _in_time(answer: asyncio.Future[_T]) -> _T:
    try:
        return await asyncio.wait_for(answer, _PATIENCE_S)
    except TimeoutError as error:
        raise PaperError from error


def _head(letter: Letter) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;padding:0 1em 0 0">{escape(name)}</th>'
        f"<td>{escape(value)}</td></tr>"
        for name, value in headings(letter)
    )
    title = escape(letter.subject or tr("list.no_subject"))
    return f'<h2 style="margin:0 0 8px">{title}</h2><table>{rows}</table><hr>'
