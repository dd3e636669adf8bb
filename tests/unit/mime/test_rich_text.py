from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import rich_read, rich_text, rich_write, text_html


@pytest.mark.parametrize(
    ("source", "is_plain"),
    [
        ("<div>Hello</div><blockquote>quoted</blockquote>", True),
        ('<div><a href="https://a.test/">https://a.test/</a></div>', True),
        ('<div><a href="mailto:a@a.test">a@a.test</a></div>', True),
        ('<div><a href="https://a.test/">here</a></div>', False),
        ("<div><b>Hello</b></div>", False),
        ("<ul><li>a</ul>", False),
        ("<div>a</div><hr>", False),
        ('<div><img src="cid:x" alt="x"></div>', False),
    ],
)
def test_what_plain_text_says_as_well_is_known(source: str, is_plain: bool) -> None:
    assert rich_text.is_plain(rich_read.read(source)) is is_plain


def test_pictures_are_named_once() -> None:
    source = (
        '<img src="cid:a"><b><img src="cid:b"></b><img src="cid:a"><img src="https://x.test/i">'
    )
    assert rich_text.images(rich_read.read(source)) == ("a", "b")


def test_a_plain_text_is_the_same_behind_html_and_back() -> None:
    text = "Hello,\n\na  b\n  two\n\n\nOn x you wrote:\n> a\n>\n>> b\n> c\n\n-- \nAlice"
    items = rich_read.read(text_html.render(text))
    assert rich_text.is_plain(items)
    assert rich_text.plain(items) == text
    assert rich_text.plain(rich_read.read(rich_write.write(items))) == text


def test_paragraphs_keep_their_distance_in_plain_text() -> None:
    items = rich_read.read("<p>one</p><p>two</p><blockquote><p>a</p><p>b</p></blockquote>")
    assert rich_text.plain(items) == "one\n\ntwo\n\n> a\n>\n> b"


@given(st.lists(st.text("ab >\t-ü", max_size=8), min_size=1).map("\n".join))
def test_plain_text_is_given_back_but_for_the_spaces_between_its_marks(text: str) -> None:
    items = rich_text.from_plain(text)
    assert rich_text.is_plain(items)
    once = rich_text.plain(items)
    assert rich_text.plain(rich_text.from_plain(once)) == once
    lines = once.split("\n")
    assert [line.lstrip("> ") for line in lines] == [
        line.lstrip("> ") for line in text.rstrip("\n").split("\n")
    ]


def test_tabs_of_a_patch_survive_html_and_back() -> None:
    items = rich_text.from_plain("if x:\n\treturn 1\t# one")
    assert rich_text.plain(rich_read.read(rich_write.write(items))) == "if x:\n\treturn 1\t# one"
