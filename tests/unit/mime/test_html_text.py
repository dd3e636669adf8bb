from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import html_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>Two  <b>three</b>\n four</p>", "One\n\nTwo three four"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>a<li>b<ul><li>c</ul></ul>d", "* a\n* b\n\n  * c\n\nd"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        (
            ("<p>x<blockquote>q<p>r<blockquote>s</blockquote></blockquote>y"),
            "x\n\n> q\n>\n> r\n>\n>> s\n\ny",
        ),
        ("<table><tr><td>a<td>b</tr><tr><th>c<td>d</table>", "a  b\nc  d"),
        ("<pre>  a\n   b\n</pre>c", "  a\n   b\n\nc"),
        ('<a href="https://x.test/y">here</a>', "here <https://x.test/y>"),
        ('<a href="https://x.test/">x.test</a>', "x.test"),
        ('<a href="mailto:a@x.test">a@x.test</a>', "a@x.test"),
        ('<a href="javascript:x">no</a>', "no"),
        ('<img src=x alt="A lake"><img src=y alt="">', "[A lake]"),
        ("<style>p{}</style><script>x</script><title>t</title><p>a", "a"),
        ('<div style="display: none">hidden preheader</div>shown', "shown"),
        ("a<hr>b", "a\n\n" + "-" * 40 + "\n\nb"),
        ("<h1>T</h1>text", "T\n\ntext"),
        ("a&nbsp;&amp;&nbsp;b &lt;c&gt;", "a & b <c>"),
        ("", ""),
        ("plain", "plain"),
        ("<p>a <!-- comment --> b", "a b"),
    ],
)
def test_html_reads_as_plain_text(source: str, text: str) -> None:
    assert html_text.render(source).strip("\n") == text


def test_text_below_any_depth_is_there() -> None:
    assert "deep" in html_text.render("<div>" * 5_000 + "deep" + "</div>" * 5_000)
    assert "deep" in html_text.render("<table><tr><td>" * 2_000 + "deep")


@given(st.text(max_size=300))
def test_plain_words_are_never_lost(words: str) -> None:
    from html import escape

    rendered = html_text.render(f"<p>{escape(words)}</p>")
    assert (
        rendered.replace("\xa0", " ").split()
        == words.replace("\x00", "").replace("\xa0", " ").split()
    )


@given(
    st.lists(
        st.sampled_from(
            [
                "<ul>",
                "<li>",
                "</ul>",
                "<blockquote>",
                "</blockquote>",
                "<pre>",
                "</pre>",
                "\n",
                "x",
                "</li>",
                "<p>",
                "</p>",
                "<td>",
                "<table>",
                "<br>",
                "<ol start=x>",
                "<a href=http://y>",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_no_html_makes_it_raise(source: str) -> None:
    assert html_text.render(source).count("x") >= source.count("x") - source.count("start=x")
