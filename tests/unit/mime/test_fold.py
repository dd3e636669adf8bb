from __future__ import annotations

import time

import pytest

from desktopmail.mime import fold

LONG = "word " * 200
CITE = f'<blockquote type="cite"><p>{LONG}</p></blockquote>'


def test_a_long_quote_below_an_answer_is_folded_and_whole() -> None:
    folded = fold.fold_quotes(f"<p>Yes.</p>{CITE}<p>Anna</p>", 'Show "it"')
    assert folded == (
        '<p>Yes.</p><details class="dm-fold"><summary title="Show &quot;it&quot;"'
        f' aria-label="Show &quot;it&quot;">•••</summary>{CITE}</details><p>Anna</p>'
    )


@pytest.mark.parametrize(
    "html",
    [
        "<p>no quote</p>",
        '<p>a</p><blockquote type="cite">short</blockquote>',
        f"<p>a</p><blockquote>{LONG}</blockquote>",  # an indented paragraph
        CITE,  # nothing but the quote
        f'<p>a</p><blockquote type="cite">{LONG}',  # never closed
        f"<p>a</p></blockquote>{LONG}",
    ],
)
def test_other_text_stays_as_it_is(html: str) -> None:
    assert fold.fold_quotes(html, "x") == html


def test_nested_quotes_are_folded_once() -> None:
    nested = f'<blockquote type="cite">{CITE}{LONG}</blockquote>'
    folded = fold.fold_quotes(f"a{nested}", "x")
    assert folded.count("<details") == folded.count("</details>") == 1
    assert nested in folded


def test_many_quotes_take_no_time() -> None:
    html = "a" + '<blockquote type="cite">' * 20_000 + LONG + "</blockquote>" * 20_000
    begin = time.process_time()
    fold.fold_quotes(html, "x")
    fold.fold_quotes("a" + CITE * 500, "x")
    assert time.process_time() - begin < 0.5
