"""Rich text as HTML: as little and plain HTML as says what a person meant (see `rich_text.py`).

Text widgets write the fonts, sizes and margins of their machine into every element; here is none.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

from desktopmail.mime.rich_text import (
    BREAK,
    COLOURS,
    IMAGE_URL,
    SIZES,
    URL,
    Image,
    Item,
    Look,
    Paragraph,
    Table,
)
from desktopmail.mime.text_html import QUOTE_STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable

_LOOK_TAGS = (
    ("code", "code"),
    ("strike", "s"),
    ("underline", "u"),
    ("italic", "i"),
    ("bold", "b"),
)


def write(items: Iterable[Item]) -> str:
    """Return rich text as a whole HTML document."""
    writer = _Writer()
    for item in items:
        writer.item(item)
    writer.close(0)
    body = "".join(writer.out)
    return f'<!doctype html>\n<html><head><meta charset="utf-8"></head><body>{body}</body></html>\n'


@dataclass(slots=True)
class _Writer:
    """Keeps the open quotes and lists."""

    out: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)  # closing tags, the innermost last
    quote: int = 0
    indent: int = 0

    def item(self, item: Item) -> None:
        if item.quote < self.quote:
            self.close(item.quote)
        if item.quote > self.quote:
            self.close(self.quote)
            while self.quote < item.quote:
                self.out.append(f'<blockquote type="cite" style="{QUOTE_STYLE}">')
                self.open.append("</blockquote>")
                self.quote += 1
        if isinstance(item, Table):
            self._table(item)
            return
        if item.list_tag:
            self._list_item(item)
            return
        self.close(self.quote)
        if item.is_rule:
            self.out.append("<hr>")
            return
        tag = "p" if item.is_spaced else "div"
        tag = f"h{item.heading}" if 1 <= item.heading <= 6 else tag
        style = _direction(item)
        style += f' style="text-align:{item.align}"' if item.align else ""
        self.out.append(f"<{tag}{style}>{_inline(item) or '<br>'}</{tag}>")

    def close(self, kept: int) -> None:
        """Close all but the outermost `kept` elements: lists in any case, quotes beyond `kept`."""
        while len(self.open) > kept:
            self.out.append(self.open.pop())
        self.quote = min(self.quote, kept)
        self.indent = 0

    def _list_item(self, item: Paragraph) -> None:
        depth = max(item.indent, 1)
        if item.is_first and depth == 1:
            self.close(self.quote)
        closing = f"</{item.list_tag}>"
        while self.indent > depth or (self.indent == depth and self.open[-1] != closing):
            self.out.append(self.open.pop())
            self.indent -= 1
        while self.indent < depth:
            is_last = self.indent == depth - 1
            start = f' start="{item.start}"' if is_last and item.start > 1 else ""
            self.out.append(f"<{item.list_tag}{start}>")
            self.open.append(closing)
            self.indent += 1
        self.out.append(f"<li{_direction(item)}>{_inline(item) or '<br>'}")

    def _table(self, table: Table) -> None:
        self.close(self.quote)
        self.out.append('<table border="1" cellpadding="4" style="border-collapse:collapse">')
        for row in table.rows:
            self.out.append("<tr>")
            for cell in row:
                if len(cell) == 1 and replace(cell[0], runs=()) == Paragraph():
                    self.out.append(f"<td>{_inline(cell[0])}</td>")
                    continue
                inner = _Writer()
                for paragraph in cell:
                    inner.item(paragraph)
                inner.close(0)
                self.out.append(f"<td>{''.join(inner.out)}</td>")
            self.out.append("</tr>")
        self.out.append("</table>")


def _direction(paragraph: Paragraph) -> str:
    """Return the attribute that has a paragraph read from the right, where its letters are."""
    for run in paragraph.runs:
        for letter in run.text[:200]:
            kind = unicodedata.bidirectional(letter)
            if kind in {"R", "AL"}:
                return ' dir="rtl"'
            if kind == "L":
                return ""
    return ""


def _inline(paragraph: Paragraph) -> str:
    out: list[str] = []
    after_space = True  # at the begin of a line a space would not be seen either
    for run in paragraph.runs:
        if run.image is not None:
            out.append(_image(run.image, run.look.link))
            after_space = False
            continue
        inner = _visible_spaces(run.text, after_space)
        after_space = run.text.endswith((" ", "\xa0", BREAK))
        out.append(_dressed(inner, run.look, heading=bool(paragraph.heading)))
    return "".join(out)


def _visible_spaces(text: str, after_space: bool) -> str:
    letters = []
    for letter in text.replace("\xa0", " "):
        letters.append("\xa0" if letter == " " and after_space else letter)
        after_space = letter in {" ", BREAK}
    kept = escape("".join(letters), quote=False)
    kept = kept.replace("\xa0", "&nbsp;").replace(BREAK, "<br>")
    return kept.replace("\t", '<span style="white-space:pre">\t</span>')


def _dressed(inner: str, look: Look, *, heading: bool) -> str:
    for name, tag in _LOOK_TAGS:
        if getattr(look, name) and not (heading and name == "bold"):
            inner = f"<{tag}>{inner}</{tag}>"
    styles = []
    if look.colour in COLOURS.values():
        styles.append(f"color:{look.colour}")
    if look.size in SIZES and not heading:
        styles.append(f"font-size:{SIZES[look.size]}")
    if styles:
        inner = f'<span style="{";".join(styles)}">{inner}</span>'
    return _linked(inner, look.link)


def _linked(inner: str, url: str) -> str:
    return f'<a href="{escape(url)}">{inner}</a>' if URL.fullmatch(url) else inner


def _image(image: Image, url: str) -> str:
    if not IMAGE_URL.fullmatch(image.url):
        return escape(image.alt)
    width = f' width="{image.width_px}"' if image.width_px > 0 else ""
    source = f'<img src="{escape(image.url)}" alt="{escape(image.alt)}"{width}>'
    return _linked(source, url)
