"""Long quotes of HTML mail folded away: `<details>` needs no script to open.

The text is sanitised before; only elements of our own come in here.
"""

from __future__ import annotations

import re
from html import escape

MIN_CHARACTERS = 500  # a shorter quote is what the answer is about
CLASS = "dm-fold"  # the sanitiser drops classes: no mail can have it
_QUOTE = re.compile(r"<(/?)blockquote\b([^>]*)>", re.IGNORECASE)
_IS_CITED = re.compile(r"type=\"cite\"|border-left", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def fold_quotes(html: str, label: str) -> str:
    """Return HTML in which each outermost long quote opens at a click.

    Args:
        html: Sanitised HTML.
        label: What opening is called, for who does not see the dots.
    """
    out: list[str] = []
    end = depth = begin = 0
    cited = False
    for tag in _QUOTE.finditer(html):
        if not tag[1]:
            if depth == 0:
                begin, cited = tag.start(), _IS_CITED.search(tag[2]) is not None
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0 and cited and _length(html[begin : tag.end()]) >= MIN_CHARACTERS:
                summary = f'<summary title="{escape(label)}" aria-label="{escape(label)}">'
                out.append(html[end:begin])
                out.append(f'<details class="{CLASS}">{summary}•••</summary>')
                out.append(f"{html[begin : tag.end()]}</details>")
                end = tag.end()
    rest = html[end:]
    own = "".join(piece for piece in out if not piece.startswith("<blockquote")) + rest
    if not out or not _has_words(own):
        return html  # nothing but a quote, as in a forward
    return "".join([*out, rest])


def _length(html: str) -> int:
    return len(" ".join(_TAG.sub(" ", html).split()))


def _has_words(html: str) -> bool:
    without = re.sub(rf'<details class="{CLASS}">.*?</summary>', "", html, flags=re.DOTALL)
    return bool(_TAG.sub("", without).replace("&nbsp;", " ").strip())
