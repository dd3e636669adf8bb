from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import html, stylesheet


def test_rules_are_written_into_the_elements_they_match() -> None:
    source = "<style>p { color: red } .x { margin: 0 }</style><p class=x>a</p><div>b</div>"
    inlined = stylesheet.inline(source)
    assert 'style="color: red;margin: 0;"' in inlined
    assert "<style" not in inlined
    assert stylesheet.inline("<p>no sheet") == "<p>no sheet"


def test_other_media_and_remote_sheets_are_left_out() -> None:
    source = "<link rel=stylesheet href=//t.test><style>@media print{p{color:red}}</style><p>a"
    assert "red" not in stylesheet.inline(source)


@pytest.mark.parametrize(
    ("sheet", "body", "count"),
    [
        ("p{a:b;c:d}", "<p>x<p>y", 4),
        ("p,div{a:b}", "<p>x<p>y<div>z", 3),
        (".x{a:b} p.x{a:b}", '<p class="x y"><p><div class=x>', 2 + 2),
        ("#id{a:b}", "<p id=id><p>", 1),
        ("div > p:hover{a:b}", "<p><p><div>", 2),
        ("*{a:b}", "<p><p>", 2 + 1),
        ("a{x:y}/* p{a:b} */", "<p>", 0),
        ("@media x{p{a:b}}", "<p>", 1),
        ("{{{ }} :", "<p>", 0),
    ],
)
def test_what_inlining_would_write_is_counted_from_above(sheet: str, body: str, count: int) -> None:
    found = stylesheet.declarations(f"<style>{sheet}</style>{body}")
    assert count <= found <= count + 2


@pytest.mark.parametrize("selector", ["*", "p", "p:nth-child(n)", "p:not(.x)", "body p", "p,p,p,p"])
def test_a_sheet_that_would_take_forever_is_dropped(selector: str) -> None:
    rules = "".join(f"{selector}{{--a{n}:b}}" for n in range(1_000))
    begin = time.process_time()
    safe = html.sanitise(f"<style>{rules}</style>" + "<p>x" * 3_000)
    assert time.process_time() - begin < 1.5
    assert safe.html.count("<p>") == 3_000


@given(st.text("{}:;,.#>ap*@/x <\"'", max_size=200))
def test_no_sheet_makes_it_raise(sheet: str) -> None:
    assert isinstance(stylesheet.inline(f"<style>{sheet}</style><p class=x>a"), str)
    assert stylesheet.declarations(f"<style>{sheet}") >= 0
