"""Style sheets of HTML mail, written into the elements, when that is affordable.

css_inline takes time for every declaration it writes: 1,000 rules that each match 3,000 elements,
23 KB in all, kept it busy for ten seconds. Real newsletters write some thousand declarations. So
they are counted first, from above, and a text that would need absurdly many shows without them.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

import css_inline

MAX_DECLARATIONS = 150_000

_INLINER = css_inline.CSSInliner(
    load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False
)
_STYLE = re.compile(r"<style\b[^>]*+>(.*?)(?:</style\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_TAG = re.compile(r"<([A-Za-z][^\s/>]*+)([^>]*+)")
_CLASS = re.compile(r"\bclass\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_LAST = re.compile(r"([A-Za-z0-9_-]*)((?:[.#][\w-]+)*)[^\s>+~]*$")


def inline(source: str) -> str:
    """Return HTML with its style sheets written into its elements; never fails.

    Remote sheets are not loaded, rules for other media and widths are dropped.

    Args:
        source: HTML, nested no deeper than `nesting.limit` allows.
    """
    if "<style" not in source.lower() or declarations(source) > MAX_DECLARATIONS:
        return source
    try:
        return _INLINER.inline(source)
    except css_inline.InlineError:
        return source  # the sanitiser drops the sheets, so the text shows plainly


def declarations(source: str) -> int:
    """Return how many declarations at most inlining would write."""
    counts = _elements(source)
    total = 0
    for sheet in _STYLE.findall(source):
        # Split, not matched: a regular expression over damaged sheets would go back and forth.
        blocks = _COMMENT.sub(" ", sheet).split("{")
        for before, body in itertools.pairwise(blocks):
            written = body.partition("}")[0].count(":")
            selectors = before.rpartition("}")[2].split(",")
            total += written * sum(_matches(selector, counts) for selector in selectors)
            if total > MAX_DECLARATIONS:
                return total
    return total


def _elements(source: str) -> Counter[str]:
    """Count the elements by tag (`td`), class (`.x`), and in all (`*`)."""
    counts: Counter[str] = Counter()
    for tag, attributes in _TAG.findall(source):
        counts["*"] += 1
        counts[tag.lower()] += 1
        if "class" in attributes.lower():
            for found in _CLASS.finditer(attributes):
                names = found[1] or found[2] or found[3] or ""
                counts.update(f".{name}" for name in set(names.split()[:50]))
    return counts


def _matches(selector: str, counts: Counter[str]) -> int:
    """Return how many elements a selector can match at most, by its last part."""
    last = _LAST.search(selector.strip()[-200:])
    if last is None:
        return counts["*"]
    marks = re.findall(r"[.#][\w-]+", last[2])
    if any(mark[0] == "#" for mark in marks):
        return 1
    limits = [counts[mark] for mark in marks]
    if last[1]:
        limits.append(counts[last[1].lower()])
    return min(limits, default=counts["*"])
