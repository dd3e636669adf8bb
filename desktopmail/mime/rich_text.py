"""Rich text as a person writes it: paragraphs of runs, quotes, lists, pictures, tables.

An editor holds these values; `rich_read.py` makes them of HTML, `rich_write.py` HTML of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# Each reads well on white and on a dark surface (4:1 at least).
COLOURS = {
    "red": "#d33a2c",
    "orange": "#b35f00",
    "green": "#2b8340",
    "blue": "#2f6fde",
    "purple": "#9050c4",
    "grey": "#717984",
}
SIZES = {-1: "small", 1: "large", 2: "x-large"}
MAX_QUOTE_DEPTH = 12  # deeper ones are shown, and written, as deep as this
BREAK = "\u2028"  # a line break within a list item
# What may stand in links and pictures.
_MARKS = re.compile(r"(?:> ?)+")
URL = re.compile(r"(?:https?://|mailto:|tel:)[^\s]+", re.IGNORECASE)
IMAGE_URL = re.compile(r"(?:cid:|https?://)[^\s]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Look:
    """How letters look.

    Attributes:
        size: A key of `SIZES`, or 0 for the usual one.
        colour: A value of `COLOURS`, or empty.
        link: Where they lead, or empty.
    """

    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    code: bool = False
    size: int = 0
    colour: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture within the text.

    Attributes:
        url: `cid:` and a Content-ID, or a web address that is named and never fetched here.
        alt: What it says to who does not see it.
        width_px: As wide it is shown; 0: as wide as it is.
    """

    url: str
    alt: str = ""
    width_px: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one look, or one picture."""

    text: str
    look: Look = Look()
    image: Image | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of text as its writer means it, however it is wrapped.

    Attributes:
        runs: What it holds; empty for an empty line.
        quote: How deeply it is quoted.
        heading: 1 to 6, or 0.
        list_tag: "ul", "ol", or empty.
        indent: How deep in lists; 1 for the outermost.
        start: The number of a list's first item.
        is_first: Whether it begins a list.
        align: "center", "right", or empty.
        is_spaced: Whether it keeps a distance to its neighbours.
        is_rule: A line across the page and nothing else.
    """

    runs: tuple[Run, ...] = ()
    quote: int = 0
    heading: int = 0
    list_tag: str = ""
    indent: int = 0
    start: int = 1
    is_first: bool = False
    align: str = ""
    is_spaced: bool = False
    is_rule: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, each cell with its paragraphs; rows are equally long.

    Attributes:
        rows: Row by row.
        quote: How deeply it is quoted.
    """

    rows: tuple[tuple[tuple[Paragraph, ...], ...], ...]
    quote: int = 0


Item = Paragraph | Table


def paragraphs(items: Iterable[Item]) -> Iterator[Paragraph]:
    """Every paragraph, those in tables among them."""
    for item in items:
        if isinstance(item, Table):
            for row in item.rows:
                for cell in row:
                    yield from cell
        else:
            yield item


def images(items: Iterable[Item]) -> tuple[str, ...]:
    """The Content-IDs of the pictures within the text, each once, without brackets."""
    urls = (run.image.url for one in paragraphs(items) for run in one.runs if run.image is not None)
    found = (url.removeprefix("cid:") for url in urls if url.startswith("cid:"))
    return tuple(dict.fromkeys(found))


def is_plain(items: Sequence[Item]) -> bool:
    """Whether plain text says the same: no emphasis, list, picture or link behind words."""
    return all(isinstance(item, Paragraph) and _is_plain(item) for item in items)


def _is_plain(paragraph: Paragraph) -> bool:
    if paragraph.heading or paragraph.list_tag or paragraph.align or paragraph.is_rule:
        return False
    for run in paragraph.runs:
        words = run.text.strip()
        if run.image is not None:
            return False
        if words and replace(run.look, link="") != Look():
            return False
        if run.look.link and words not in {run.look.link, run.look.link.removeprefix("mailto:")}:
            return False
    return True


def from_plain(text: str) -> tuple[Paragraph, ...]:
    """Return a plain text as rich text, its quote marks as quotes; `plain` gives it back."""
    found = []
    for line in text.rstrip("\n").split("\n"):
        marks = None if line.startswith(">From ") else _MARKS.match(line)
        level = min(marks[0].count(">"), MAX_QUOTE_DEPTH) if marks else 0
        words = line[marks.end() :] if marks else line
        found.append(Paragraph(runs=(Run(words),) if words else (), quote=level))
    return tuple(found)


def plain(items: Iterable[Item]) -> str:
    """Return the words alone, quotes marked with ">", every space and empty line kept.

    Tables have no place in it: rich text with one is no plain text.
    """
    lines: list[str] = []
    before = None
    for one in paragraphs(items):
        text = "".join(run.text for run in one.runs if run.image is None)
        if before is not None and (one.is_spaced or before.is_spaced) and one.runs and before.runs:
            lines.append(">" * min(one.quote, before.quote))
        before = one
        for line in text.replace("\xa0", " ").split(BREAK):
            marks = ">" * one.quote
            lines.append(f"{marks} {line}" if marks and line else marks + line)
    return "\n".join(lines)
