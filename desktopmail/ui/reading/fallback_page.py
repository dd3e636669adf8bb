"""HTML made ready for a text browser: what it would choke on, what it cannot draw, in pieces.

Everything here takes sanitised HTML: attributes stand in double quotes, styles in the tags.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from desktopmail.ui.reading.content import REMOTE_SCHEME

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

    from selectolax.lexbor import LexborNode

_MAX_TABLES = 8
PIECE = 4_000  # letters: a table of as many takes 5 to 12 ms to be laid out
_TABLE = re.compile(r"<(/?)table\b", re.IGNORECASE)
_TABLE_TAG = re.compile(r"<(/?)(table|thead|tbody|tfoot|tr|td|th|caption)\b[^>]*>", re.IGNORECASE)
# A `<` within an attribute ends a tag here: else each of many would be looked through to the end.
_REMOTE_IMAGE = re.compile(
    rf"<img\b[^<>]*\b(?:data-remote\b|src=\"{REMOTE_SCHEME}:/\w+/(\d+)\")[^<>]*>", re.IGNORECASE
)
REMOTE_NUMBER = re.compile(rf"\b{REMOTE_SCHEME}:/\w+/(\d+)")
_ALT = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
_WIDTH = re.compile(r"(?:\bwidth=\"|[;\"\s]width\s*:\s*)(\d+)(?:px)?\s*[\";]", re.IGNORECASE)
_HEIGHT = re.compile(r"(?:\bheight=\"|[;\"\s]height\s*:\s*)(\d+)(?:px)?\s*[\";]", re.IGNORECASE)
_FIXED_WIDTH = re.compile(
    r"(<(?:table|td|th|col|colgroup)\b[^<>]*\bwidth=)\"(\d+)(?:px)?\"", re.IGNORECASE
)
_LINE = 20
_MOST_HEIGHT = 160
_LEAST_PLACE = 60  # pixels: smaller images are signs and spies, which leave no place
_COLOUR_STYLE = re.compile(
    r"(?<![-\w])(?:background(?:-color|-image)?|color)\s*:[^;\"]*;?", re.IGNORECASE
)
_COLOUR_ATTRIBUTE = re.compile(r"\s(?:bgcolor|color|background|text)=\"[^\"]*\"", re.IGNORECASE)
_TAG = re.compile(r"<[a-z][^>]*>", re.IGNORECASE)
_BUTTON = re.compile(
    r"<a\b[^<>]*\bstyle=\"(?=[^\"<>]*\bpadding)(?=[^\"<>]*\bbackground)([^\"<>]*)\"[^<>]*>"
    r"((?:(?!</?a\b|<(?:table|div|p|td|img)\b).){1,400}?)</a>",
    re.IGNORECASE | re.DOTALL,
)
_GROUND = re.compile(
    r"\bbackground(?:-color)?\s*:\s*(#[0-9a-f]{3,6}|[a-z]+|rgb\([\d\s,]+\))", re.IGNORECASE
)
_PADDING = re.compile(r"\bpadding(?:-top)?\s*:\s*(\d+)", re.IGNORECASE)
_MOST_PADDING = 14
_OURS = "data-ours"  # sanitised HTML has no such attribute


def beginning(source: str, most: int) -> str:
    """Return so many letters of HTML, without the beginning of a tag at their end."""
    if len(source) <= most:
        return source
    tag = source.rfind("<", 0, most)
    return source[:most] if tag < 0 or source.find(">", tag, most) >= 0 else source[:tag]


def cut_nested_tables(source: str, depth: int = _MAX_TABLES) -> str:
    """Return HTML in which no table stands within more than `depth` others."""
    if not _is_deeper(source, depth):
        return source  # rows and cells are looked at only where it matters: there may be thousands
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


def _is_deeper(source: str, depth: int) -> bool:
    level = 0
    for match in _TABLE.finditer(source):
        level = max(level - 1, 0) if match[1] else level + 1
        if level > depth:
            return True
    return False


def with_places(
    source: str, ground: str, ink: str, here: Container[int] = (), room: int = 0
) -> str:
    """Return HTML with a place, and the words for it, where a remote image is not here.

    Args:
        source: Sanitised HTML.
        ground: The colour of a place.
        ink: The colour of the words.
        here: The numbers of the remote images that were loaded.
        room: How wide a place may become, in pixels; 0: any.
    """

    def place(match: re.Match[str]) -> str:
        if match[1] and int(match[1]) in here:
            return match[0]
        alt, width = _ALT.search(match[0]), _WIDTH.search(match[0])
        height = _HEIGHT.search(match[0])
        words = alt[1].strip() if alt is not None else ""
        wide = int(width[1]) if width is not None else 0
        if wide >= _LEAST_PLACE:
            wide = min(wide, room) if room else wide
            high = min(int(height[1]), _MOST_HEIGHT) if height is not None else 0
            above = max((high - _LINE) // 2, 6)
            style = f"padding: {above}px 10px; color: {ink};"
            return _box(ground, words or "&nbsp;", style, f' width="{wide}"')
        if not words or (width is not None and wide < 2):
            return ""
        style = f"background-color: {ground}; color: {ink};"
        return f'<span style="{style}">&nbsp;{words}&nbsp;</span>'

    return _REMOTE_IMAGE.sub(place, source)


def with_buttons(source: str, ground: str = "") -> str:
    """Return HTML in which links that were made to look like buttons have their ground and padding.

    A text browser knows neither at a link, but at the cell of a table.

    Args:
        source: Sanitised HTML.
        ground: The colour of all of them; empty: as each of them has it.
    """

    def button(match: re.Match[str]) -> str:
        padding, own = _PADDING.search(match[1]), _GROUND.search(match[1])
        if padding is None or own is None or own[1].lower() in {"transparent", "none", "inherit"}:
            return match[0]
        wide = min(int(padding[1]), _MOST_PADDING)
        if not wide:
            return match[0]
        return _box(ground or own[1], match[0], f"padding: {wide}px {wide * 2}px;")

    return _BUTTON.sub(button, source)


def _box(ground: str, inner: str, style: str, width: str = "") -> str:
    # The width of a table that stands in another one is not heeded, that of its cell is.
    return (
        f'<table {_OURS} cellspacing="0" cellpadding="0" bgcolor="{escape(ground)}">'
        f'<tr><td style="{style}"{width}>{inner}</td></tr></table>'
    )


def within(source: str, room: int) -> str:
    """Return HTML in which nothing that stands in a table is wider than there is room.

    Args:
        source: Sanitised HTML.
        room: How wide, in pixels.
    """

    def fitted(match: re.Match[str]) -> str:
        return f'{match[1]}"100%"' if int(match[2]) > room else match[0]

    return _FIXED_WIDTH.sub(fitted, source)


def without_colours(source: str) -> str:
    """Return HTML that leaves all colours but ours to the reader: what a dark theme needs."""

    def bare(match: re.Match[str]) -> str:
        if _OURS in match[0]:
            return match[0]
        return _COLOUR_STYLE.sub("", _COLOUR_ATTRIBUTE.sub("", match[0]))

    return _TAG.sub(bare, source)


def pieces(source: str, most: int = PIECE) -> Iterator[str]:
    """Cut HTML into pieces that can be laid out one after the other.

    A table that is too long goes on as another one, a row that is too long as one cell below the
    other; what holds a piece stands around each.

    Args:
        source: HTML.
        most: So many letters make a piece, about.
    """
    body = LexborHTMLParser(source).body
    if body is not None:
        yield from _gathered(_parts(body, most), most)


def _parts(node: LexborNode, most: int) -> Iterator[str]:
    for child in node.iter(include_text=True):
        whole = child.html or ""
        if len(whole) <= most:
            yield whole
        elif child.tag == "-text":
            yield from (escape(text) for text in _cut(child.text(), most))
        elif child.tag == "table":
            yield from _tables(child, most)
        else:
            begin, end = _around(child)
            yield from (f"{begin}{part}{end}" for part in _gathered(_parts(child, most), most))


def _tables(table: LexborNode, most: int) -> Iterator[str]:
    begin, end = _around(table)
    rows: list[str] = []
    for row in _rows(table):
        whole = row.html or ""
        if rows and sum(map(len, rows)) + len(whole) > most:
            yield f"{begin}{''.join(rows)}{end}"
            rows = []
        if len(whole) <= most:
            rows.append(whole)
            continue
        for cell in row.iter():
            yield from _gathered(_parts(cell, most), most)
    if rows:
        yield f"{begin}{''.join(rows)}{end}"


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    for child in table.iter():
        if child.tag in {"thead", "tbody", "tfoot"}:
            yield from child.iter()
        else:
            yield child


def _around(node: LexborNode) -> tuple[str, str]:
    attributes = "".join(
        f' {name}="{escape(value or "")}"' for name, value in node.attributes.items()
    )
    return f"<{node.tag}{attributes}>", f"</{node.tag}>"


def _gathered(parts: Iterable[str], most: int) -> Iterator[str]:
    waiting: list[str] = []
    size = 0
    for part in parts:
        if waiting and size + len(part) > most:
            yield "".join(waiting)
            waiting, size = [], 0
        waiting.append(part)
        size += len(part)
    if waiting:
        yield "".join(waiting)


def _cut(text: str, most: int) -> Iterator[str]:
    while len(text) > most:
        at = text.rfind(" ", most // 2, most) + 1 or most
        yield text[:at]
        text = text[at:]
    yield text
