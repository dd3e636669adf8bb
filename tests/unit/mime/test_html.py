from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from desktopmail.mime import html, structure
from desktopmail.mime.link import Warning as Reason
from tests.helpers import corpora

FORBIDDEN_TAGS = set(
    re.split(
        r"\s+",
        "script style link meta base form iframe frame frameset object embed applet svg math input"
        " button textarea select video audio source track canvas template noscript title head html"
        " body foreignobject portal slot dialog image isindex keygen marquee xml xmp plaintext",
    )
)
ALLOWED_URL = re.compile(r"(?:https?:|mailto:|tel:|#m-)", re.IGNORECASE)


def assert_harmless(result: str) -> None:
    """Nothing that acts or fetches is left, as a browser would parse it."""
    tree = LexborHTMLParser(f"<body>{result}</body>")
    assert tree.body is not None
    for node in tree.body.traverse(include_text=False):
        tag = (node.tag or "").lower()
        if node == tree.body:
            continue
        assert tag not in FORBIDDEN_TAGS, (tag, result)
        for name, value in node.attributes.items():
            text = value or ""
            assert not name.startswith("on"), result
            assert name not in {
                "srcdoc",
                "srcset",
                "action",
                "formaction",
                "xlink:href",
                "ping",
                "data",
            }
            if name == "href":
                assert ALLOWED_URL.match(text), result
            elif name in {"src", "background", "poster"}:
                assert text.startswith(("mail-part:", "data:image/")), result
            elif name == "style":
                squeezed = re.sub(r"\s", "", text).lower()
                for word in (
                    "expression(",
                    "javascript:",
                    "behavior:",
                    "@import",
                    "-moz-binding",
                    "\\",
                ):
                    assert word not in squeezed, result
                assert "url(" not in squeezed or 'url("mail-part:' in squeezed, result
                assert "position" not in squeezed, result


@pytest.mark.parametrize(
    "payload",
    [pytest.param(payload, id=f"{n}") for n, (_, payload) in enumerate(corpora.payloads())]
    or [pytest.param("", marks=pytest.mark.skip(reason="../shared/corpora/html-xss is missing"))],
)
def test_none_of_the_known_attacks_leaves_anything_active(payload: str) -> None:
    result = html.sanitise(payload)
    assert_harmless(result.html)
    # What was cleaned stays clean: no mutation by parsing once more.
    again = html.sanitise(result.html)
    assert_harmless(again.html)


@pytest.mark.parametrize(
    "payload",
    [
        "<link rel=preconnect href=//t.test>", "<meta http-equiv=refresh content='0;url=//t.test'>",
        "<base href=//t.test/><img "
        "src=a.png>", "<img src=x onerror=a()>", "<img srcset='//t.test 1x'>",
        "<p style='background:url(//t.test)'>", "<p style='background:u\\72l(//t.test)'>",
        "<p style='background:image-set(\"//t.test\" 1x)'>", "<p style='content:url(//t.test)'>",
        "<p style='list-style-image:url(//t.test)'>", "<p style='position:fixed;top:0'>",
        "<p style='width:expression(alert(1))'>", "<p style='background:url(/**/javascript:a)'>",
        "<style>@import '//t.test';p{background:url(//t.test)}</style><p>x",
        "<style>p{background:url('//t.test')}</style><p>x", "<table background=//t.test><tr><td>x",
        "<video poster=//t.test src=//t.test>", "<a href=' java\nscript:a()'>x</a>",
        "<a href='data:text/html,x'>x</a"
        ">", "<a href='vbscript:x'>x</a>", "<a href='file:///etc'>x</a>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>", "<img src='mail-part:/1.2'>",
        "<img src='mail-remote:/1'"
        ">", "<object data=//t.test>", ("<a ping=//t.test " "href=https://a.test>x"),
        "<svg><image href=//t.test></svg>", "<math><mtext><img src=//t.test onerror=a()></math>",
        "<form action=//t.test><input name=a><button>x</button></form"
        ">", "<iframe srcdoc='<p>'></iframe>",
        "<p style=\"font-family:'a;background:url(//t.test)'"
        "\">", "<p style='x:;;background:/*;*/url(//t.test)'>",
        "<noscript><p title='</noscript><img src=x onerror=a()>'>",
    ],
)  # fmt: skip
def test_ways_to_act_or_to_fetch_are_closed(payload: str) -> None:
    assert_harmless(html.sanitise(payload).html)


def test_remote_images_are_counted_and_blocked() -> None:
    result = html.sanitise(
        "<img src='https://t.test/a.png' alt=A width=10><img src=//t.test/b.png>"
        "<img src='https://t.test/a.png'><p style='background-image:url(https://t.test/c.png)'>x"
    )
    assert result.remote_images == (
        "https://t.test/a.png",
        "https://t.test/b.png",
        "https://t.test/c.png",
    )
    assert result.has_remote
    assert 'data-remote="0" alt="A" width="10"' in result.html
    assert "t.test" not in result.html


def test_remote_images_come_through_us_when_they_are_allowed() -> None:
    result = html.sanitise(
        "<img src='https://t.test/a.png'><table background='https://t.test/b.png'></table>"
        "<p style=\"background:url('https://t.test/c.png') no-repeat\">x",
        remote=lambda number, _url: f"mail-remote:/{number}",
    )
    assert '<img src="mail-remote:/0">' in result.html
    assert "mail-remote:/2" in result.html
    assert "t.test" not in result.html


def test_pictures_of_the_message_are_shown_by_their_part() -> None:
    octets = (
        b"Content-Type: multipart/related; boundary=x\n\n--x\nContent-Type: text/html\n\nx\n"
        b"--x\nContent-Type: image/png\nContent-ID: <a b@x>\n\nx\n"
        b"--x\nContent-Type: image/png\nContent-Location: http://old.test/p.png\n\nx\n--x--\n"
    )
    urls = html.part_urls(structure.parse(octets))
    assert urls == {"a b@x": "mail-part:/2", "http://old.test/p.png": "mail-part:/3"}
    result = html.sanitise(
        "<img src='cid:a%20b@x'><img src='http://old.test/p.png'><img src=cid:gone><img src=p.png>",
        parts=urls,
        location="http://old.test/index.html",
    )
    shown = re.findall(r'src="([^"]*)"', result.html)
    assert shown == ["mail-part:/2", "mail-part:/3", "mail-part:/3"]
    assert result.remote_images == ()


def test_styles_are_inlined_and_colours_of_the_body_kept() -> None:
    source = "<html><head><style>p { color: #123456 } .x { position: absolute }</style></head>"
    result = html.sanitise(
        source + '<body bgcolor="#fafafa" text="navy"><p class=x>hello</p></body></html>'
    )
    assert "color:#123456" in result.html
    assert "background-color:#fafafa" in result.html
    assert "<style" not in result.html
    assert "class" not in result.html


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display: none">x</div>',
        '<div style="color:red;DISPLAY:none!important">x</div>',
        '<span style="visibility:hidden">x</span>',
        '<span style="opacity:0">x</span>',
        '<span style="mso-hide:all">x</span>',
        '<div style="max-height:0px;overflow:hidden">x</div>',
        "<style>.p { display: none }</style><div class=p>x</div>",
        "<p hidden>x</p>",
        '<div style="display:none"><p>x<img src="https://t.test/x.png"></p></div>',
    ],
)
def test_what_the_sender_hides_is_not_shown_anywhere(hidden: str) -> None:
    result = html.sanitise(f"<p>seen</p>{hidden}")
    assert "x" not in result.html
    assert "seen" in result.html
    assert result.remote_images == ()


def test_what_is_only_small_or_half_transparent_is_shown() -> None:
    source = (
        '<td style="font-size:0px"><p style="opacity:0.5;font-size:14px">a</p></td>'
        '<div style="overflow:hidden;height:20px">b</div><body style="display:none">c'
    )
    shown = html.sanitise(source).html
    assert all(f">{letter}" in shown for letter in "abc")


def test_links_are_told_with_what_they_hide() -> None:
    result = html.sanitise(
        '<a href="https://evil.test/">https://bank.example</a> <a href="#top">up</a>'
        '<a href="https://ok.test/a b"><b>fine</b></a><a href="javascript:x">no</a><a name=top></a>'
    )
    assert [(one.url, one.text, one.warning) for one in result.links] == [
        ("https://evil.test/", "https://bank.example", Reason.MISMATCH),
        ("https://ok.test/ab", "fine", Reason.NO),
    ]
    assert 'href="#m-top"' in result.html
    assert 'name="m-top"' in result.html


def test_ordinary_mail_keeps_its_looks() -> None:
    source = (
        '<table width="600" cellpadding="0" bgcolor="#ffffff"><tr><td align="center" valign="top" '
        'style="padding:4px 12px;font:bold 15px/22px Arial,sans-serif;border-radius:8px">'
        '<font color="red" size="2">a</font><br><b>b</b></td></tr></table>'
    )
    result = html.sanitise(source).html
    for kept in (
        'width="600"',
        'bgcolor="#ffffff"',
        "padding:4px 12px",
        "border-radius:8px",
        "<font color",
    ):
        assert kept in result
    assert "Arial" in result


def test_a_text_beyond_all_size_is_cut_and_says_so() -> None:
    result = html.sanitise("<p>x</p>" * 600_000)
    assert result.is_cut


@given(
    st.lists(
        st.sampled_from(
            [
                "<div",
                "<style>",
                "</style>",
                "<img src=",
                "<a href=",
                ">",
                "</",
                "'",
                '"',
                "<svg>",
                "<p style=",
                "url(",
                ")",
                ";",
                "color:",
                "red",
                "javascript:",
                "//t.test",
                "<table>",
                "<!--",
                "-->",
                "&#x6a;",
                "\x00",
                "<math>",
                "<template>",
                "]]>",
                "<title>",
                "cid:a",
                "\\",
                "/*",
                "@import",
                "\ud7ff",
            ]
        ),
        max_size=30,
    ).map("".join)
)
def test_no_html_makes_it_raise_or_leaves_anything_active(source: str) -> None:
    assert_harmless(html.sanitise(source, parts={"a": "mail-part:/1"}).html)


def test_a_hundred_kilobytes_take_less_than_a_tenth_of_a_second() -> None:
    link = '<a href="https://example.org/x">word</a>'
    row = f'<tr><td style="padding:4px;color:#333">{link}</td></tr>'
    source = f"<style>td {{ color: red }}</style><table>{row * 1100}</table>"
    html.sanitise(source[:1000])
    took = []
    for _ in range(3):
        begin = time.process_time()
        html.sanitise(source)
        took.append(time.process_time() - begin)
    assert min(took) < 0.1 * len(source) / 100_000


def test_the_payloads_are_all_there() -> None:
    path = corpora.FOLDER / "html-xss"
    if not path.is_dir():
        pytest.skip("../shared/corpora/html-xss is missing")
    entries = json.loads(next(Path(path).glob("*.json")).read_text("utf-8"))
    assert len(corpora.payloads()) == len(entries) == 223
