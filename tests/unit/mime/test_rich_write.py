from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import html, rich_read, rich_text, rich_write
from desktopmail.mime.rich_text import Look, Paragraph, Run
from tests.helpers import corpora


def body(items: tuple[rich_text.Item, ...]) -> str:
    return rich_write.write(items).partition("<body>")[2].rpartition("</body>")[0]


@pytest.mark.parametrize(
    "source",
    [
        "<div>Hi <b>bold</b> <i>it</i> <u>un</u> <s>st</s> <code>co</code></div>",
        "<div>a</div><div><br></div><div>b</div>",
        "<p>one</p><p>two</p>",
        "<ul><li>a<br>z<li>b<ul><li>c</ul><li>d</ul>",
        '<ol start="3"><li>n<li>m</ol><ul><li>x</ul>',
        "<h2>Heading</h2><div>text</div><hr>",
        '<div><span style="color:#d33a2c;font-size:large">red</span></div>',
        '<div style="text-align:center">middle</div>',
        '<div><a href="https://a.test/?x=1&amp;y=2">words</a></div>',
        '<div><img src="cid:p1@a.test" alt="A lake" width="40"></div>',
        "<div>a &nbsp;b</div><div>&nbsp;&nbsp;indented</div>",
    ],
)
def test_what_is_written_is_read_and_written_the_same(source: str) -> None:
    items = rich_read.read(source)
    assert body(items) == source
    assert rich_read.read(rich_write.write(items)) == items
    safe = html.sanitise(rich_write.write(items), parts={"p1@a.test": "cid:p1@a.test"}).html
    assert rich_read.read(safe) == items


LOOKS = st.builds(
    Look,
    bold=st.booleans(),
    italic=st.booleans(),
    underline=st.booleans(),
    size=st.sampled_from([0, *rich_text.SIZES]),
    colour=st.sampled_from(["", *rich_text.COLOURS.values()]),
)
WORDS = st.text(st.sampled_from("ab <>&\"' ü漢"), min_size=1, max_size=8).map(
    lambda text: f"x{text}x"
)


@given(
    st.lists(
        st.builds(
            Paragraph,
            runs=st.lists(st.builds(Run, WORDS, LOOKS), max_size=3).map(tuple),
            quote=st.integers(0, 3),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_words_looks_and_quotes_survive(items: list[Paragraph]) -> None:
    read = rich_read.read(rich_write.write(items))
    assert rich_text.plain(read) == rich_text.plain(items)
    assert [one.quote for one in rich_text.paragraphs(read)] == [one.quote for one in items]
    assert looks(read) == looks(rich_read.read(rich_write.write(read)))


def looks(items: tuple[rich_text.Item, ...]) -> list[tuple[str, Look]]:
    return [(run.text, run.look) for one in rich_text.paragraphs(items) for run in one.runs]


@pytest.mark.parametrize("payload", [text for _, text in corpora.payloads()] or [""])
def test_none_of_the_known_attacks_is_written(payload: str) -> None:
    tree = LexborHTMLParser(rich_write.write(rich_read.read(payload)))
    assert tree.body is not None
    for node in tree.body.css("*"):
        assert node.tag in {"body", "div", "p", "blockquote", "ul", "ol", "li", "table", "tbody",
            "tr", "td", "b", "i", "u", "s", "code", "span", "a", "img", "br", "hr", "h1", "h2",
            "h3", "h4", "h5", "h6"}  # fmt: skip
        assert set(node.attributes) <= {
            "style",
            "type",
            "href",
            "src",
            "alt",
            "width",
            "start",
            "dir",
        } | {
            "border",
            "cellpadding",
        }
        for name in ("href", "src"):
            url = (node.attributes.get(name) or "https:").lower()
            assert url.startswith(("http:", "https:", "mailto:", "tel:", "cid:"))


def test_a_paragraph_in_letters_read_from_the_right_says_so() -> None:
    items = rich_read.read("<div>שלום Anna</div><div>Hi שלום</div><ul><li>سلام</ul><div>42</div>")
    assert body(items) == (
        '<div dir="rtl">שלום Anna</div><div>Hi שלום</div><ul><li dir="rtl">سلام</ul><div>42</div>'
    )
