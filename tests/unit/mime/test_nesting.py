from __future__ import annotations

import time

import pytest
from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import html, nesting, text


def depth(source: str) -> int:
    deepest = 0
    body = LexborHTMLParser(source).body
    stack = [(body, 0)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        child = node.child if node is not None else None
        while child is not None:
            stack.append((child, level + 1))
            child = child.next
    return deepest


def test_ordinary_html_is_left_alone() -> None:
    source = "<table>" + "<tr><td><p>a<br><li>b" * 500 + "</table>"
    assert nesting.limit(source) is source
    balanced = "<div><b>x</b></div>" * 1000
    assert nesting.limit(balanced) is balanced


@pytest.mark.parametrize(
    "tag", ["div", "b", "font", "table><tr><td", "blockquote", "span", "x-y", "a"]
)
def test_depth_is_cut_and_every_word_kept(tag: str) -> None:
    source = "".join(f"<{tag}>w{n} " for n in range(3_000))
    limited = nesting.limit(source)
    assert depth(limited) <= 4 * nesting.MAX_DEPTH + 10
    words = text.from_html_fast(limited).split()
    assert set(words) == {f"w{n}" for n in range(3_000)}


def test_tags_inside_scripts_and_comments_in_styles_do_not_count() -> None:
    source = "<script>" + "<div>" * 400 + "</script>" + "<div><b>x</b></div>" * 100
    assert nesting.limit(source) is source


@pytest.mark.parametrize(
    "source",
    [
        "<div>" * 100000,
        "<b>" * 100000 + "</b>" * 100000,
        "<a b='" * 20000,
        "<" * 100000,
        "<div " + "a='b' " * 20000,
        "<table><tr><td>" * 30000,
        "<font size=1>" * 30000 + "<p>x" * 1000,
    ],
    ids=range(7),
)
def test_hostile_depth_neither_crashes_nor_takes_long(source: str) -> None:
    begin = time.process_time()
    html.sanitise("<style>div{color:red}</style>" + source)
    text.from_html_fast(source)
    assert time.process_time() - begin < 3
