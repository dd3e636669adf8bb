"""A message quoted with its layout, beside the words a person writes: newsletters, tables, colours.

An editor of rich text would lose how such a message is laid out (`rich_read.py`), so it stands
below the answer as it came, made harmless, with the pictures that came with it. Pictures of the web
are left out: an answer would have its reader fetch what was meant to watch its writer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import html_text, rich_text, rich_write
from desktopmail.mime import text as text_module
from desktopmail.mime.text_html import QUOTE_STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from selectolax.lexbor import LexborNode

    from desktopmail.mime.message import Message

MAX_EDITED_CHARACTERS = 300_000  # a longer one is no text for an editor, however it is laid out
_CLASS = "desktopmail-quoted"  # by which a draft kept at the server is read again
_SIGNATURE = "\n-- \n"
_PICTURE = re.compile(r"cid:([^\"'\s)<>&]+)")
_NOT_HERE = re.compile(r'<img((?: [\w-]+="[^"]*")*? data-remote="\d+"(?: [\w-]+="[^"]*")*)>')
_ALT = re.compile(r' alt="([^"]*)"')
_LAYOUT = re.compile(
    r"(?:^|;)(?:float:(?:left|right)|display:(?:inline-)?(?:flex|grid)|background-image:"
    r"|background(?:-color)?:(?!#fff(?:fff)?\b|white\b|transparent|none|inherit|initial))"
)


@dataclass(frozen=True, slots=True)
class Quoted:
    """What stands below the words of an answer or forward.

    Attributes:
        html: A fragment for the end of a body, its heading and block quote included.
        text: The same in plain text, lines ended by newlines, quotes marked.
    """

    html: str
    text: str

    @property
    def pictures(self) -> tuple[str, ...]:
        """The Content-IDs of the pictures in it, each once, without brackets."""
        found = (unquote(name) for name in _PICTURE.findall(self.html))
        return tuple(dict.fromkeys(found))

    def below_html(self, html: str | None, text: str) -> str:
        """Return a whole HTML document: what was written (as HTML, or plain), then this."""
        document = html if html is not None else rich_write.write(rich_text.from_plain(text))
        before, end, after = document.rpartition("</body>")
        if not end:
            return document + self.html
        return f"{before}{self.html}{end}{after}"

    def below_text(self, text: str) -> str:
        """Return what was written and this as plain text, the signature at the end.

        Readers take all that stands below its mark for the signature (RFC 3676 section 4.3).
        """
        own, mark, signature = f"\n{text}".rpartition(_SIGNATURE)
        if not mark:
            own, signature = text, ""
        parts = [own.strip("\n"), self.text.strip("\n")]
        whole = "\n\n".join(part for part in parts if part) + "\n"
        return f"{whole}{mark}{signature}" if mark else whole


def of_message(message: Message, head: Iterable[str], *, is_cited: bool) -> Quoted | None:
    """Return a message as it is quoted with its layout; None where an editor loses nothing.

    Args:
        message: It has HTML.
        head: Lines to put above it.
        is_cited: It is answered: a block quote, and ">" in plain text; else it is forwarded.
    """
    source = message.html or ""
    if not source.strip():
        return None
    safe = _harmless(source, message)
    if len(source) <= MAX_EDITED_CHARACTERS and not has_layout(safe):
        return None
    lines = tuple(head)
    above = "".join(f"<div>{escape(line) or '<br>'}</div>" for line in lines)
    inner = safe
    words = f"{message.text.rstrip()}\n"
    if is_cited:
        inner = f'<blockquote type="cite" style="{QUOTE_STYLE}">{safe}</blockquote>'
        words = text_module.quote(message.text)
    text = "\n".join((*lines, words))
    return Quoted(_marked(above + inner), text)


def take_out(message: Message) -> tuple[str, Quoted] | None:
    """Return the HTML that a person wrote, and what was quoted with its layout below it.

    Returns:
        None where a message quotes nothing so.
    """
    source = message.html or ""
    if _CLASS not in source:
        return None
    tree = LexborHTMLParser(source)
    node = tree.css_first(f"body > div.{_CLASS}")
    if node is None or _is_followed(node):
        return None
    inner = _harmless(node.inner_html or "", message)
    node.decompose()
    return tree.html or "", Quoted(_marked(inner), html_text.render(inner))


def _is_followed(node: LexborNode) -> bool:
    after = node.next  # the line break behind a document's end is moved into its body
    while after is not None and after.tag == "-text" and not (after.text() or "").strip():
        after = after.next
    return after is not None


def has_layout(safe: str) -> bool:
    """Whether sanitised HTML is laid out in a way that an editor of rich text would lose."""
    tree = LexborHTMLParser(safe)
    if tree.css_first("table table") is not None or tree.css_first("[background]") is not None:
        return True
    colours = (node.attributes.get("bgcolor") or "" for node in tree.css("[bgcolor]"))
    if any(colour.lower() not in {"", "white", "#fff", "#ffffff"} for colour in colours):
        return True
    styles = (node.attributes.get("style") or "" for node in tree.css("[style]"))
    return any(_LAYOUT.search("".join(style.lower().split())) for style in styles)


def _marked(inner: str) -> str:
    return f'<div class="{_CLASS}">{inner}</div>'


def _harmless(source: str, message: Message) -> str:
    # Brought in here, in a thread: who writes a new message needs no sanitiser.
    from desktopmail.mime import html

    own = [one.content_id for one in message.attachments if one.content_id]
    parts = {name: f"cid:{quote(name, safe='@!$*+,=._~-')}" for name in own}
    safe = html.sanitise(source, parts=parts).html
    return _NOT_HERE.sub(_words, safe)


def _words(found: re.Match[str]) -> str:
    alt = _ALT.search(found[1])
    return f"<span>{alt[1]}</span>" if alt is not None and alt[1].strip() else ""
