"""Scripts without spaces are cut into characters, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door import words
from desktopmail.door.words import spaced


@pytest.mark.parametrize("text", ["", "plain words", "Grün, Ελλάδα и мир", "שלום עולם", "😀 ok"])
def test_scripts_with_spaces_stay_as_they_are(text: str) -> None:
    assert spaced(text) == text


def test_a_sharp_s_is_two() -> None:
    assert spaced("Straße") == spaced("Strasse")


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("東京駅で", ["東", "京", "駅", "で"]),
        ("mail東京mail", ["mail", "東", "京", "mail"]),
        ("สวัสดี", list("สวัสดี")),
        ("한국어", ["한", "국", "어"]),
        ("\U00020000\U00020001", ["\U00020000", "\U00020001"]),
    ],
)
def test_scripts_without_spaces_are_cut(text: str, cut: list[str]) -> None:
    assert spaced(text).split() == cut


def test_a_text_cannot_say_that_something_is_a_beginning() -> None:
    assert words.BEGINNING not in spaced(f"{words.BEGINNING}th ü ẞ 東")


def test_a_mark_takes_no_more_room_than_the_letters_of_the_west() -> None:
    assert ord(words.BEGINNING) < 256


@given(st.text())
def test_looking_for_octets_first_changes_nothing(text: str) -> None:
    plain = text.replace("ß", "ss").replace("ẞ", "ss")
    assert spaced(text) == words._SPACELESS.sub(lambda match: f" {match.group()} ", plain)
