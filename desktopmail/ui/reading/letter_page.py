"""One page of HTML as QtWebEngine is served it: our frame, the message's HTML, its images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor
from PySide6.QtWebEngineCore import QWebEngineUrlRequestJob

from desktopmail.door.interface import DoorError
from desktopmail.ui.reading.web_walls import answer
from desktopmail.ui.theme.tokens import contrast

if TYPE_CHECKING:
    from PySide6.QtGui import QFont

    from desktopmail.tasks import TaskScope
    from desktopmail.ui.reading.content import Letter
    from desktopmail.ui.reading.remote import FetchImage

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
# Behind the words of a blocked image stands Chromium's sign for a broken one: they lie over it.
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><style>
html {{ font-family: "{family}", sans-serif; font-size: {size}px; line-height: 1.45; }}
body {{ margin: 20px 24px; overflow-wrap: break-word; background: {ground}; color: #1b1e24; }}
img {{ max-width: 100%; height: auto; }}
pre {{ white-space: pre-wrap; }}
blockquote[type="cite"] {{ margin: 0 0 0 4px; padding-left: 12px; border-left: 3px solid #c9cdd5; }}
a {{ color: #2160d8; }}
table {{ max-width: 100%; }}
img[data-remote] {{ position: relative; background-color: #eceff4; color: #5a6170; }}
img[data-remote]::after {{ content: attr(alt); position: absolute; inset: 0; overflow: hidden;
 padding: 2px 6px; background: inherit; }}
::-webkit-scrollbar {{ width: 11px; height: 11px; }}
::-webkit-scrollbar-track, ::-webkit-scrollbar-corner {{ background: {track}; }}
::-webkit-scrollbar-thumb {{ background: {handle}; background-clip: padding-box;
 border: 2px solid transparent; border-radius: 6px; }}
details.dm-fold > summary {{ display: inline-block; list-style: none; cursor: pointer;
 padding: 0 10px; margin: 4px 0; border-radius: 9px; background: #dde1e9; color: #5a6170;
 letter-spacing: 2px; font-size: 70%; }}
details.dm-fold > summary::-webkit-details-marker {{ display: none; }}
@media print {{ body {{ margin: 0; }} }}
</style></head><body dir="auto">{body}</body></html>"""

_COLOUR = r"#[0-9a-f]{6}(?![0-9a-f])|#[0-9a-f]{3}(?![0-9a-f])|rgb\([\d\s,]*\)|[a-z]+(?![a-z(-])"
# In a tag, and nowhere else: in words `<` is an entity. Behind a `>` in an attribute it ends early.
_TAG = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)
_GROUND = re.compile(rf"(\bbgcolor=\"?|\bbackground(?:-color)?\s*:\s*)({_COLOUR})", re.IGNORECASE)
# Chromium darkens grounds that are brighter than this (of 255), and makes all dark words light:
# on a yellow that it leaves they could not be read.
_DARKENED_FROM = 205
# The dimmest of common inks, #333333, as Chromium lightens it.
_LIGHTENED_INK = "#cccccc"
_LEAST_CONTRAST = 4.5
_DARKER = 0.95


def darkenable(html: str) -> str:
    """Put grounds on which darkened words can be read in place of those on which they cannot.

    Newsletters lay white cells on white: darkened, they have to go on looking like one ground, and
    that one is the dark theme's surface. A ground that is not darkened becomes as dark as the words
    on it, which become light, need it.

    Args:
        html: Sanitised: styles stand in the tags.
    """

    def put(tag: re.Match[str]) -> str:
        return _GROUND.sub(lambda ground: ground[1] + _ground(ground[2]), tag.group())

    return _TAG.sub(put, html)


def _ground(written: str) -> str:
    """The ground in place of one as it was written; the same where it is none, or will do."""
    levels = re.findall(r"\d+", written) if written[:3].lower() == "rgb" else []
    colour = QColor(*map(int, levels)) if len(levels) == 3 else QColor(written)
    if not colour.isValid() or not colour.alpha():
        return written
    if colour.name() == "#ffffff":
        return _DARKENED_GROUND
    red, green, blue = colour.red(), colour.green(), colour.blue()
    if (299 * red + 587 * green + 114 * blue) / 1000 > _DARKENED_FROM:
        return written
    name = colour.name()
    while contrast(name, _LIGHTENED_INK) < _LEAST_CONTRAST:
        red, green, blue = (int(level * _DARKER) for level in (red, green, blue))
        name = QColor(red, green, blue).name()
    return written if name == colour.name() else name


class LetterPage:
    """The page of one message.

    Args:
        letter: The message.
        body: What stands in the page; HTML that was sanitised.
        font: The letters of what names none.
        fetch_image: Fetches a remote image through the engine: (octets, media type).
        scope: Where that is done.

    Attributes:
        is_darkened: Whether Chromium darkens it.
        scroll_handle, scroll_track: Colours of its scroll bars, which are darkened by nobody.
    """

    def __init__(
        self,
        letter: Letter,
        body: str,
        font: QFont,
        fetch_image: FetchImage | None,
        scope: TaskScope,
    ) -> None:
        self._letter = letter
        self._body = body
        self._font = font
        self._fetch_image = fetch_image
        self._scope = scope
        self.is_darkened = False
        self.scroll_handle, self.scroll_track = "#c9cdd5", "#ffffff"

    @property
    def key(self) -> str:
        """The key of the message, which the addresses of its images hold."""
        return self._letter.key

    def page_octets(self) -> bytes:
        """The page, with our own frame round the message's HTML."""
        page = _PAGE.format(
            family=self._font.family(),
            size=round(self._font.pointSizeF() * 1.06 * 96 / 72, 1),
            handle=self.scroll_handle,
            track=self.scroll_track,
            ground=_DARKENED_GROUND if self.is_darkened else "#ffffff",
            body=darkenable(self._body) if self.is_darkened else self._body,
        )
        return page.encode("utf-8", "replace")

    def part(self, number: str) -> tuple[bytes, bytes] | None:
        """An image that came with the message: (media type, octets)."""
        part = self._letter.message.part(number)
        if part is None:
            return None
        media_type = f"{part.type}/{part.subtype}".lower()
        return (media_type.encode(), part.content) if media_type in _IMAGE_TYPES else None

    def fetch(self, number: str, job: QWebEngineUrlRequestJob) -> None:
        """Fetch a remote image through the engine, then answer."""
        safe = self._letter.html
        urls = safe.remote_images if safe is not None else ()
        fetch = self._fetch_image
        if fetch is None or not number.isdigit() or int(number) >= len(urls):
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        url = urls[int(number)]
        alive = [True]
        job.destroyed.connect(lambda: alive.clear())
        self._scope.spawn(_fetch(fetch, url, job, alive), name=url)


async def _fetch(
    fetch: FetchImage, url: str, job: QWebEngineUrlRequestJob, alive: list[bool]
) -> None:
    try:
        octets, media_type = await fetch(url)
    except DoorError:  # who fetches for us tells the reader
        if alive:
            job.fail(QWebEngineUrlRequestJob.Error.RequestFailed)
        return
    if alive and media_type in _IMAGE_TYPES:
        answer(job, media_type.encode(), octets)
    elif alive:
        job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
