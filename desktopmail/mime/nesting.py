"""A limit on how deeply HTML is nested, applied before any parser sees it.

The HTML libraries recurse or take quadratic time in the depth: 2,000 nested elements overflow a
thread's stack of 512 KiB inside css_inline (a crash of the process, not an exception), and 20,000
take a second in each. Real mail is nested some dozens deep; at a reply chain's end a hundred.
"""

from __future__ import annotations

import re

MAX_DEPTH = 150

# A ">" inside a quoted attribute ends the tag too early here, which only matters for its depth.
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*+)[^>]*+>")
# Elements that do not hold others, or are ended by their next sibling: no depth comes of them
# alone.
_FLAT = frozenset({
    "area", "base", "basefont", "br", "col", "embed", "frame", "hr", "img", "input", "link",
    "meta", "param", "source", "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "thead",
    "tbody", "tfoot", "option", "optgroup", "colgroup", "caption", "body", "html", "head",
})  # fmt: skip
# Text up to their end tag, not markup.
_RAW = re.compile(
    r"<(script|style|title|textarea|xmp|iframe|noembed|noframes)\b[^>]*+>.*?(?:</\1\s*>|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def limit(source: str, max_depth: int = MAX_DEPTH) -> str:
    """Return HTML whose elements are nested at most about `max_depth` deep; text is all kept.

    Args:
        source: HTML as it came.
        max_depth: How many elements may be open at once; tags of further ones are dropped.
    """
    if source.count("<") <= max_depth:
        return source
    out: list[str] = []
    last = 0
    depth = 0
    skip_until = 0
    # Not past the last ">": tags that are never closed would each be searched to the end.
    for tag in _TAG.finditer(source, 0, source.rfind(">") + 1):
        if tag.start() < skip_until:
            continue
        name = tag[2].lower()
        if name in _FLAT:
            continue
        if name in {"script", "style", "title", "textarea", "xmp"} and not tag[1]:
            raw = _RAW.match(source, tag.start())
            skip_until = raw.end() if raw else 0
            continue
        if tag[1]:
            is_over = depth > max_depth
            depth = max(0, depth - 1)
        else:
            depth += 1
            is_over = depth > max_depth
        if is_over:
            out.append(source[last : tag.start()])
            last = tag.end()
    if not last:
        return source
    out.append(source[last:])
    return "".join(out)
