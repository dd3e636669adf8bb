"""Plain text as simple HTML: a block for each line, quotes as block quotes, spaces kept.

The way back is `html_text.render`; what came from a plain text reads the same there.
"""

from __future__ import annotations

import re
from html import escape

from desktopmail.mime import link

QUOTE_STYLE = "margin:0 0 0 0.8ex;border-left:2px solid #9aa3b2;padding-left:1ex"
_QUOTE = f'<blockquote type="cite" style="{QUOTE_STYLE}">'
_MARKS = re.compile(r"(?:> ?)+")
_SPACES = re.compile(r" {2,}|^ ")


def render(text: str) -> str:
    """Return the HTML of a plain text, lines ended by newlines; never fails."""
    out: list[str] = []
    depth = 0
    for line in text.rstrip("\n").split("\n"):
        marks = None if line.startswith(">From ") else _MARKS.match(line)
        wanted = marks[0].count(">") if marks else 0
        out.append(_QUOTE * (wanted - depth) + "</blockquote>" * (depth - wanted))
        depth = wanted
        content = _linked(line[marks.end() :] if marks else line)
        out.append(f"<div>{content or '<br>'}</div>")
    return "".join(out) + "</blockquote>" * depth


def spaced(text: str) -> str:
    """Return a text escaped for HTML, every one of its spaces visible."""
    kept = _SPACES.sub(lambda run: "\xa0" * (len(run[0]) - 1) + " ", escape(text, quote=False))
    if kept.startswith(" "):
        kept = f"\xa0{kept[1:]}"
    return kept.replace("\xa0", "&nbsp;")


def _linked(line: str) -> str:
    out: list[str] = []
    end = 0
    for span in link.find(line):
        out.append(spaced(line[end : span.begin]))
        words = escape(line[span.begin : span.end])
        out.append(f'<a href="{escape(span.url)}">{words}</a>')
        end = span.end
    out.append(spaced(line[end:]))
    return "".join(out)
