from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import html_text, text_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("One\nTwo\n", "<div>One</div><div>Two</div>"),
        ("One\n\nTwo", "<div>One</div><div><br></div><div>Two</div>"),
        ("a < b & c", "<div>a &lt; b &amp; c</div>"),
        ("two  spaces", "<div>two&nbsp; spaces</div>"),
        (
            "see https://a.test/x?y=1&z=2.",
            '<div>see <a href="https://a.test/x?y=1&amp;z=2">'
            "https://a.test/x?y=1&amp;z=2</a>.</div>",
        ),
    ],
)
def test_lines_become_blocks(text: str, html: str) -> None:
    assert text_html.render(text) == html


def test_quotes_become_block_quotes_as_deep() -> None:
    html = text_html.render("a\n> b\n>> c\n> d\ne")
    assert html.count("<blockquote") == html.count("</blockquote>") == 2
    assert html_text.render(html) == "a\n\n> b\n>\n>> c\n>\n> d\n\ne\n"


def test_a_line_that_a_mailbox_file_escaped_is_no_quote() -> None:
    assert "blockquote" not in text_html.render(">From here to there")


def test_the_mark_of_a_signature_keeps_its_space() -> None:
    assert html_text.render(text_html.render("Hi\n\n-- \nAlice\n")) == "Hi\n\n-- \nAlice\n"


@given(
    st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=12), min_size=1).map(
        "\n".join
    )
)
def test_what_became_html_reads_the_same(text: str) -> None:
    if text.startswith(">") or "\n>" in text:
        return  # marks are written anew
    import re

    expected = re.sub(r"\n{3,}", "\n\n", text).strip("\n")
    assert html_text.render(text_html.render(text)).strip("\n") == expected
