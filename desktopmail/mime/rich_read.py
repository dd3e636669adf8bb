"""HTML brought to what a person can choose while writing: see `rich_text.py`.

Bold, lists, quotes, links, pictures, some colours and sizes stay; fonts and backgrounds of other
programs are dropped, and tables that only lay a page out become paragraphs.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import html_text, nesting
from desktopmail.mime.rich_text import (
    BREAK,
    COLOURS,
    IMAGE_URL,
    MAX_QUOTE_DEPTH,
    SIZES,
    URL,
    Image,
    Item,
    Look,
    Paragraph,
    Run,
    Table,
)

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_WHITE = re.compile(r"[ \t\r\n\f]+")
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:\s*([^;]+)", re.IGNORECASE)
_SIZE = re.compile(r"(?:^|;)\s*font-size\s*:\s*(small|large|x-large)\b", re.IGNORECASE)
_ALIGN = re.compile(r"(?:^|;)\s*text-align\s*:\s*(center|right)\b", re.IGNORECASE)
_BOLD = re.compile(r"(?:^|;)\s*font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_ITALIC = re.compile(r"(?:^|;)\s*font-style\s*:\s*italic", re.IGNORECASE)
_PRE = re.compile(r"(?:^|;)\s*white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_PIXELS = re.compile(r"\s*(\d{1,4})(?:px)?\s*")
_TAG_LOOKS = {
    "b": "bold", "strong": "bold", "th": "bold", "i": "italic", "em": "italic", "cite": "italic",
    "u": "underline", "ins": "underline", "s": "strike", "strike": "strike", "del": "strike",
    "code": "code", "tt": "code", "kbd": "code", "samp": "code", "pre": "code",
}  # fmt: skip
_SKIPPED = frozenset({
    "script", "style", "title", "head", "noscript", "template", "object", "svg", "math",
    "iframe", "select", "textarea",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "center", "div", "dl", "fieldset", "figure", "figcaption",
    "footer", "form", "header", "main", "nav", "section", "table", "tbody", "thead", "tfoot",
    "tr", "td", "th", "caption", "dt", "dd", "details", "summary", "p", "pre", "blockquote",
    "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
})  # fmt: skip
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6"})


@functools.lru_cache(maxsize=4)
def read(source: str) -> tuple[Item, ...]:
    """Return the rich text of an HTML source, which need not be sanitised; never fails.

    The last answers are kept: what a thread has read, the window finds ready.
    """
    tree = LexborHTMLParser(nesting.limit(source.replace("\x00", "")))
    if tree.body is None:
        return ()
    reader = _Reader()
    reader.walk(tree.body, _Context())
    return tuple(reader.items)


@dataclass(frozen=True, slots=True)
class _Context:
    """What the elements around a text make of it."""

    look: Look = field(default_factory=Look)
    quote: int = 0
    heading: int = 0
    align: str = ""
    is_spaced: bool = False
    is_pre: bool = False
    lists: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    """Walks the tree without recursion, but for tables within no other one."""

    items: list[Item] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    context: _Context = field(default_factory=_Context)  # of the paragraph at hand
    in_item: bool = False  # the paragraph is a list's item, not one more within it
    starts: list[int] = field(default_factory=list)  # of lists that have no item yet
    new_list: bool = False

    def walk(self, root: LexborNode, context: _Context) -> None:
        stack: list[tuple[LexborNode, _Context, bool]] = [
            (node, context, False) for node in reversed(_children(root))
        ]
        while stack:
            node, around, is_end = stack.pop()
            if is_end:
                self._leave(node.tag or "", around)
                continue
            tag = node.tag or ""
            if tag == "-text":
                self._text(node.text_content or "", around)
                continue
            if tag in _SKIPPED or tag.startswith(("-", "!")) or html_text.is_hidden(node):
                continue
            if tag == "table" and (table := _table(node, around)) is not None:
                self._end()
                self.items.append(table)
                continue
            within = self._enter(node, tag, around)
            stack.append((node, around, True))
            stack.extend((child, within, False) for child in reversed(_children(node)))
        self._end()

    def _enter(self, node: LexborNode, tag: str, around: _Context) -> _Context:
        if tag == "br":
            self._break(around)
            return around
        if tag == "img":
            self._image(node, around)
            return around
        within = replace(around, look=_look(node, tag, around.look))
        style = node.attributes.get("style") or ""
        if tag == "pre" or _PRE.search(style):
            within = replace(within, is_pre=True)
        if tag not in _BLOCKS:
            return within
        self._end()
        self.in_item = tag == "li"
        if found := _ALIGN.search(style):
            within = replace(within, align=found[1].lower())
        elif (node.attributes.get("align") or "").lower() in {"center", "right"}:
            within = replace(within, align=(node.attributes.get("align") or "").lower())
        elif tag == "center":
            within = replace(within, align="center")
        if tag in _SPACED:
            within = replace(within, is_spaced=True)
        if tag[0] == "h" and tag[1:].isdigit():
            within = replace(within, heading=int(tag[1]))
        elif tag == "blockquote":
            depth = min(around.quote + 1, MAX_QUOTE_DEPTH)
            within = replace(within, quote=depth, lists=(), is_spaced=False)
        elif tag in {"ul", "ol"}:
            within = replace(within, lists=(*around.lists, tag))
            start = node.attributes.get("start") or "1"
            self.starts.append(int(start) if start.isdecimal() and len(start) < 6 else 1)
            self.new_list = self.new_list or not around.lists
        elif tag == "hr":
            self.items.append(Paragraph(quote=around.quote, is_rule=True))
        return within

    def _leave(self, tag: str, around: _Context) -> None:
        if tag in _BLOCKS:
            self._end()
            self.in_item = False
            if tag in {"ul", "ol"} and self.starts:
                self.starts.pop()
            self.context = around

    def _text(self, text: str, around: _Context) -> None:
        if around.is_pre:
            first, *more = text.replace("\r\n", "\n").split("\n")
            self._add(Run(first, around.look), around)
            for line in more:
                self._break(around)
                self._add(Run(line, around.look), around)
            return
        text = _WHITE.sub(" ", text)
        if text[:1] == " " and (not self.runs or self.runs[-1].text.endswith((" ", BREAK))):
            text = text[1:]
        self._add(Run(text, around.look), around)

    def _add(self, run: Run, around: _Context) -> None:
        if not run.text:
            return
        self.context = around
        last = self.runs[-1] if self.runs else None
        if last is not None and last.image is None and run.image is None and last.look == run.look:
            self.runs[-1] = Run(last.text + run.text, run.look)
        else:
            self.runs.append(run)

    def _image(self, node: LexborNode, around: _Context) -> None:
        url = (node.attributes.get("src") or "").strip()
        alt = (node.attributes.get("alt") or "").strip()
        if not IMAGE_URL.fullmatch(url):
            self._add(Run(alt, around.look), around)
            return
        pixels = _PIXELS.fullmatch(node.attributes.get("width") or "")
        width = int(pixels[1]) if pixels else 0
        self._add(Run("\ufffc", Look(link=around.look.link), Image(url, alt, width)), around)

    def _break(self, around: _Context) -> None:
        if around.lists and self.in_item:
            self._add(Run(BREAK, around.look), around)
            return
        self.context = around
        self._end(force=True)

    def _end(self, *, force: bool = False) -> None:
        """End the paragraph at hand, if there is one."""
        runs, self.runs = self.runs, []
        context = self.context
        if not context.is_pre:
            runs = _trimmed(runs)
        if not runs and not force:
            return
        is_item = bool(context.lists) and self.in_item
        self.items.append(
            Paragraph(
                runs=tuple(runs),
                quote=context.quote,
                heading=context.heading,
                list_tag=context.lists[-1] if is_item else "",
                indent=len(context.lists) if is_item else 0,
                start=self.starts[-1] if is_item and self.starts else 1,
                is_first=is_item and self.new_list,
                align=context.align,
                is_spaced=context.is_spaced and not is_item,
            )
        )
        if is_item:
            self.new_list = False
            self.in_item = False


def _children(node: LexborNode) -> list[LexborNode]:
    found = []
    child = node.child
    while child is not None:
        found.append(child)
        child = child.next
    return found


def _look(node: LexborNode, tag: str, look: Look) -> Look:
    changes: dict[str, bool | int | str] = {}
    if tag in _TAG_LOOKS:
        changes[_TAG_LOOKS[tag]] = True
    if tag == "a":
        url = (node.attributes.get("href") or "").strip()
        changes["link"] = url if URL.fullmatch(url) else ""
    style = node.attributes.get("style") or ""
    if style:
        if (colour := _COLOUR.search(style)) and colour[1].strip().lower() in COLOURS.values():
            changes["colour"] = colour[1].strip().lower()
        if size := _SIZE.search(style):
            changes["size"] = next(key for key, name in SIZES.items() if name == size[1].lower())
        if _BOLD.search(style):
            changes["bold"] = True
        if _ITALIC.search(style):
            changes["italic"] = True
    if not changes:
        return look
    return replace(look, **changes)  # type: ignore[arg-type] # each has its field's type


def _trimmed(runs: list[Run]) -> list[Run]:
    """Take off the white space at the end, which no reader sees; the signature's mark keeps its."""
    if "".join(run.text for run in runs) == "-- ":
        return runs
    while runs and runs[-1].image is None:
        text = runs[-1].text.rstrip(" ")
        if text:
            return [*runs[:-1], replace(runs[-1], text=text)]
        runs = runs[:-1]
    return runs


def _table(node: LexborNode, around: _Context) -> Table | None:
    """Return a table that holds data: rows of several cells, no table within, no pictures."""
    if any(cell.css_first("table, img") is not None for cell in node.css("td, th")):
        return None
    rows = [[cell for cell in _children(row) if cell.tag in {"td", "th"}] for row in node.css("tr")]
    rows = [row for row in rows if row]
    width = max(map(len, rows), default=0)
    if len(rows) < 2 or width < 2 or len(rows) * width > 2_000:
        return None
    if sum(len(row) == width for row in rows) * 2 < len(rows):
        return None
    table = []
    for row in rows:
        cells = []
        for cell in row:
            reader = _Reader()
            look = replace(around.look, bold=around.look.bold or cell.tag == "th")
            reader.walk(cell, _Context(look=look))
            inner = tuple(one for one in reader.items if isinstance(one, Paragraph))
            cells.append(inner or (Paragraph(),))
        cells += [(Paragraph(),)] * (width - len(cells))
        table.append(tuple(cells))
    return Table(tuple(table), around.quote)
