"""HTML in a text browser: what is taken out of it first."""

from __future__ import annotations

from desktopmail.ui.reading.fallback_view import (
    cut_nested_tables,
    without_colours,
    without_remote_images,
)


def test_tables_nested_too_deep_become_text() -> None:
    deep = "<table><tr><td>" * 22 + "in the middle" + "</td></tr></table>" * 22
    cut = cut_nested_tables(deep)
    assert cut.count("<table") == 8
    assert cut.count("</table>") == 8
    assert "in the middle" in cut


def test_a_blocked_image_leaves_its_words() -> None:
    source = '<p>a <img data-remote="0" alt="A basket"> b <img data-remote="1"> c</p>'
    assert (
        without_remote_images(source) == '<p>a <span style="">&nbsp;A basket&nbsp;</span> b  c</p>'
    )


def test_colours_are_left_to_the_theme_in_the_dark() -> None:
    source = '<td bgcolor="#fff" style="padding:2px;color:#000;background-color:red">x</td>'
    assert without_colours(source) == '<td style="padding:2px;">x</td>'
