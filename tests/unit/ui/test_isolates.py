from __future__ import annotations

from desktopmail.ui.isolates import isolated, without_controls


def test_a_text_is_kept_apart_from_what_stands_around_it() -> None:
    assert isolated("דנה") == "\u2068דנה\u2069"


def test_nothing_stays_nothing() -> None:
    assert isolated("") == ""


def test_a_text_loses_its_own_directions() -> None:
    assert without_controls("a\u202eb\u2066c\u2069\u200fd\u061c") == "abcd"
