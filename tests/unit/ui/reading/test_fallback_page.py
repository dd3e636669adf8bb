"""HTML for a text browser: what is taken out of it first, what stands in its place, its pieces."""

from __future__ import annotations

import re
import time

import pytest

from desktopmail.ui.reading.fallback_page import (
    beginning,
    cut_nested_tables,
    pieces,
    with_buttons,
    with_places,
    within,
    without_colours,
)


def test_the_beginning_of_a_page_ends_with_no_piece_of_a_tag() -> None:
    source = '<p class="a">words</p>'
    assert beginning(source, len(source)) == source
    assert [beginning(source, most) for most in (19, 20, 21)] == ['<p class="a">words'] * 3
    assert beginning(source, 15) == '<p class="a">wo'
    assert beginning(source, 5) == ""


def test_tables_nested_too_deep_become_text() -> None:
    deep = "<table><tr><td>" * 22 + "in the middle" + "</td></tr></table>" * 22
    cut = cut_nested_tables(deep)
    assert cut.count("<table") == 8
    assert cut.count("</table>") == 8
    assert "in the middle" in cut


# ---- images that are not here


def test_a_small_blocked_image_leaves_its_words() -> None:
    source = '<p>a <img data-remote="0" alt="A star" width="16"> b <img data-remote="1"> c</p>'
    assert with_places(source, "#eee", "#333") == (
        '<p>a <span style="background-color: #eee; color: #333;">&nbsp;A star&nbsp;</span> b  c</p>'
    )


def test_a_large_blocked_image_leaves_its_place() -> None:
    image = '<img data-remote="0" alt="A basket" width="560" height="240">'
    placed = with_places(image, "#eee", "#333", room=400)
    assert 'bgcolor="#eee"' in placed
    assert 'width="400"' in placed  # no wider than there is room
    assert "padding: 70px 10px" in placed  # no higher than half of a window
    assert ">A basket<" in placed
    wordless = with_places('<img width="300" data-remote="0" height="100">', "#eee", "#333")
    assert 'width="300"' in wordless
    assert "&nbsp;" in wordless


@pytest.mark.parametrize("size", ['width="1" height="1" alt="spy"', 'style="width:0px" alt="spy"'])
def test_an_image_that_nobody_would_see_leaves_nothing(size: str) -> None:
    assert with_places(f"<p>a<img data-remote {size}>b</p>", "#eee", "#333") == "<p>ab</p>"


def test_an_image_that_was_loaded_stays() -> None:
    source = '<img src="mail-remote:/k/0" alt="x"><img src="mail-remote:/k/1" alt="y">'
    placed = with_places(source, "#eee", "#333", {0})
    assert placed.startswith('<img src="mail-remote:/k/0" alt="x"><span')


# ---- what a text browser cannot draw


def test_a_link_that_looks_like_a_button_has_its_ground_and_its_padding() -> None:
    link = '<a href="https://x.test" style="background:#06c;color:#fff;padding:12px 24px">Buy</a>'
    button = with_buttons(f"<p>{link}</p>")
    assert 'bgcolor="#06c"' in button
    assert "padding: 12px 24px" in button
    assert link in button
    assert 'bgcolor="#444"' in with_buttons(link, "#444")


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://x.test">plain</a>',
        '<a href="https://x.test" style="background:#06c">no padding</a>',
        '<a href="https://x.test" style="padding:12px;background:transparent">no ground</a>',
        '<a href="https://x.test" style="padding:12px;background:#06c"><table></table></a>',
    ],
)
def test_other_links_stay_as_they_are(link: str) -> None:
    assert with_buttons(link) == link


def test_a_button_cannot_break_out_of_its_cell() -> None:
    link = '<a style="background:red&quot;onload=x;padding:1px">a</a>'
    assert "onload" not in with_buttons(link).replace(link, "")


def test_nothing_in_a_table_is_wider_than_there_is_room() -> None:
    source = '<table bgcolor="#fff" width="600"><tr><td width="200">x</td></tr></table>'
    assert within(source, 440) == source.replace('"600"', '"100%"')


def test_colours_are_left_to_the_theme_in_the_dark() -> None:
    source = '<td bgcolor="#fff" style="padding:2px;color:#000;background-color:red">x</td>'
    assert without_colours(source) == '<td style="padding:2px;">x</td>'
    link = '<a style="background:#06c;padding:9px">Buy</a>'
    dark = without_colours(with_buttons(link, "#444"))
    assert 'bgcolor="#444"' in dark
    assert "#06c" not in dark


# ---- pieces


def words(html: str) -> list[str]:
    return re.sub(r"<[^>]*>", " ", html).split()


def test_what_is_short_is_one_piece() -> None:
    assert list(pieces("<p>a</p> b <b>c</b>")) == ["<p>a</p> b <b>c</b>"]
    assert list(pieces("")) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Some words</p>" * 100,
        "<div style='color:red'>" + "<p>Some words</p>" * 100 + "</div>",
        "<table width=500>" + "<tr><td>a</td><td>b</td></tr>" * 100 + "</table>",
        "<table><tr><td>" + "<p>Some words</p>" * 100 + "</td><td>beside</td></tr></table>",
        "<blockquote><table><thead><tr><th>x</th></tr></thead>"
        + "<tr><td>a</td></tr>" * 100
        + "</table></blockquote>",
        "word " * 500,
        "<div>" * 30 + "deep " * 200 + "</div>" * 30,
    ],
)
def test_pieces_are_short_and_nothing_is_lost_or_changes_its_place(source: str) -> None:
    cut = list(pieces(source, 400))
    assert len(cut) > 1
    assert words("".join(cut)) == words(source)
    around = 30 * len("<div></div>")
    assert max(map(len, cut)) <= 400 + around


def test_each_piece_is_whole() -> None:
    rows = "<tr><td style='color:red'>a</td></tr>" * 100
    for piece in pieces(f'<div dir="rtl"><table border="1">{rows}</table></div>', 500):
        assert piece.startswith('<div dir="rtl"><table border="1"><tr>')
        assert piece.endswith("</tr></table></div>")


def test_what_was_text_is_no_markup_afterwards() -> None:
    cut = list(pieces("&lt;script&gt; " * 200, 300))
    assert "<script" not in "".join(cut)
    assert "".join(cut).count("&lt;script&gt;") == 200
    quoted = "".join(pieces('<div title="a&quot;&gt;b">' + "x " * 400 + "</div>", 300))
    assert '<div title="a&quot;&gt;b">' in quoted


@pytest.mark.parametrize("unit", ["<a ", "<img ", "<table ", '<a style="padding', "<td width="])
def test_what_looks_like_tags_within_an_attribute_takes_no_time(unit: str) -> None:
    inner = (unit * (400_000 // len(unit))).replace('"', "")
    source = f'<p title="{inner}">x</p>'
    begun = time.thread_time()
    with_places(with_buttons(within(cut_nested_tables(source), 400)), "#eee", "#333")
    assert time.thread_time() - begun < 1


def test_words_of_an_image_are_no_markup() -> None:
    image = '<img data-remote alt="<img src=x" width="99"><img data-remote alt="a&lt;b" width="99">'
    placed = with_places(image, "#eee", "#333")
    assert placed.count("<table") == 1
    assert ">a&lt;b<" in placed
