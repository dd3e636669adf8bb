"""HTML as plain text for reading and quoting: lists, quotes, tables, link targets.

Ours instead of inscriptis: that loses all text below a depth of 255 (libxml2's limit) and marks
neither quotes nor link targets, which an answer in plain text needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import nesting

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_SPACES = re.compile(r"[ \t\r\n\f]+")
_SIGNATURE = "-- "
_BLANK_LINES = re.compile(r"\n{3,}")
_SKIPPED = frozenset({
    "script", "style", "title", "head", "noscript", "template", "object", "svg", "math",
    "iframe", "select", "textarea",
})  # fmt: skip
_BLOCKS = frozenset({
    "address", "article", "aside", "center", "div", "dl", "fieldset", "figure", "figcaption",
    "footer", "form", "header", "main", "nav", "section", "table", "tbody", "thead", "tfoot",
    "tr", "caption", "dt", "dd", "details", "summary",
})  # fmt: skip
_PARAGRAPHS = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "pre", "blockquote",
})  # fmt: skip


def render(source: str) -> str:
    """Return the text of an HTML source, laid out for reading; never fails."""
    tree = LexborHTMLParser(nesting.limit(source.replace("\x00", "")))
    if tree.body is None:
        return ""
    return _Writer().write(tree.body)


class _Writer:
    """Walks the tree without recursion and keeps the text, the line prefix and the open lists."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.prefixes: list[str] = []
        self.marker = ""  # of a list item, for its first line
        self.lists: list[int] = []  # the next number; -1 for bullets
        self.blank_wanted = False
        self.quotes = 0  # how deeply the last line is quoted
        self.pre = 0

    def write(self, body: LexborNode) -> str:
        node: LexborNode | None = body.child
        depth = 1  # counted, because comparing two nodes compares all that is in them
        while node is not None:
            entered = self._enter(node)
            if entered and node.child is not None:
                node = node.child
                depth += 1
                continue
            if entered:
                self._leave(node)
            while node is not None and node.next is None:
                node = node.parent
                depth -= 1
                if node is None or depth == 0:
                    node = None
                    break
                self._leave(node)
            if node is not None:
                node = node.next
        self._end_line()
        return _BLANK_LINES.sub("\n\n", "\n".join(self.lines)).strip("\n") + "\n"

    def _enter(self, node: LexborNode) -> bool:
        """Take a node up; False when what is inside it is not text to read."""
        tag = node.tag or ""
        if tag == "-text":
            self._text(node.text_content or "")
            return True
        if tag in _SKIPPED or tag.startswith(("-", "!")) or is_hidden(node):
            return False
        if tag == "br":
            self._end_line(force=True)
        elif tag == "hr":
            self._paragraph()
            self.line = "-" * 40
            self._paragraph()
        elif tag == "img":
            alt = (node.attributes.get("alt") or "").strip()
            if alt:
                self._text(f"[{alt}]")
        elif tag in {"td", "th"}:
            if self.line.strip() and not self.line.endswith(" "):
                self.line += "  "
        elif tag in _PARAGRAPHS:
            self._begin_paragraph(node, tag)
        elif tag == "li":
            self._end_line()
            number = self.lists[-1] if self.lists else -1
            self.marker = "* " if number < 0 else f"{number}. "
            if self.lists and number >= 0:
                self.lists[-1] += 1
            self.prefixes.append(" " * len(self.marker))
        elif tag in _BLOCKS:
            self._end_line()
        return True

    def _begin_paragraph(self, node: LexborNode, tag: str) -> None:
        self._paragraph()
        if tag == "blockquote":
            self.prefixes.append(">")
        elif tag == "pre":
            self.pre += 1
        elif tag in {"ul", "ol"}:
            start = node.attributes.get("start") or "1"
            number = int(start) if start.isdecimal() and len(start) < 9 else 1
            self.lists.append(number if tag == "ol" else -1)

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        if tag == "a":
            self._link_target(node)
        elif tag == "li":
            self._end_line()
            self.marker = ""
            self.prefixes.pop()
        elif tag in _PARAGRAPHS:
            self._paragraph()
            if tag == "blockquote":
                self.prefixes.pop()
            elif tag == "pre":
                self.pre -= 1
            elif tag in {"ul", "ol"}:
                self.lists.pop()
        elif tag in _BLOCKS:
            self._end_line()

    def _link_target(self, node: LexborNode) -> None:
        url = (node.attributes.get("href") or "").strip()
        if not url.lower().startswith(("http://", "https://", "mailto:")):
            return
        words = " ".join(node.text(deep=True).split())
        bare = url.split("://")[-1].removeprefix("mailto:").rstrip("/")
        if words and bare.lower() not in words.lower() and len(url) <= 120:
            self.line += f" <{url}>"

    def _text(self, text: str) -> None:
        if self.pre:
            first, *more = text.split("\n")
            self.line += first
            for line in more:
                self._end_line(force=True)
                self.line = line
            return
        text = _SPACES.sub(" ", text)
        if text[:1] == " " and (not self.line or self.line.endswith(" ")):
            text = text[1:]
        self.line += text

    def _end_line(self, *, force: bool = False) -> None:
        text = self.line.rstrip() if self.pre else self.line.strip()
        if self.line.replace("\xa0", " ") == _SIGNATURE:
            text = _SIGNATURE  # its space is the mark (RFC 3676 section 4.3)
        self.line = ""
        if not text and not force:
            return
        quotes = self.prefixes.count(">")
        if self.blank_wanted and self.lines:
            self.lines.append(">" * min(quotes, self.quotes))
        self.blank_wanted = False
        self.quotes = quotes
        indents = [prefix for prefix in self.prefixes if prefix != ">"]
        if self.marker:
            indents[-1] = self.marker
            self.marker = ""
        marks = ">" * quotes + " " if quotes else ""
        line = marks + "".join(indents) + text.replace("\xa0", " ")
        self.lines.append(line if text == _SIGNATURE else line.rstrip())

    def _paragraph(self) -> None:
        self._end_line()
        self.blank_wanted = bool(self.lines)


def is_hidden(node: LexborNode) -> bool:
    """Whether an element is hidden: the preheaders of newsletters."""
    style = node.attributes.get("style")
    if not style or "none" not in style:
        return False
    return "display:none" in style.replace(" ", "").lower()
