"""A tag has a name that each server can keep, and a label as a person wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.tags import colour_of, label_of, name_of
from desktopmail.wire.imap.flags import flag


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("work", "work"),
        ("to do", "to_do"),
        ("Straße", "Stra&AN8-e"),
        ("R&D", "R&-D"),
        ("(urgent)", "urgent"),
        ("\\Seen", "Seen"),
        ("()", ""),
        ("  ", ""),
    ],
)
def test_a_label_becomes_a_keyword(label: str, name: str) -> None:
    assert name_of(label) == name


@pytest.mark.parametrize("label", ["work", "Straße", "R&D", "重要"])
def test_what_another_client_wrote_so_is_read_as_its_label(label: str) -> None:
    assert label_of(name_of(label)) == label


def test_the_five_labels_of_thunderbird_have_their_names_and_colours() -> None:
    assert label_of("$label1") == "Important"
    assert colour_of("$Label1") == "#d64545"


@given(st.text())
def test_whatever_is_typed_is_a_keyword_or_nothing(label: str) -> None:
    name = name_of(label)
    assert not name or flag(name)
    assert not name.startswith("\\")


def test_a_tag_has_always_the_same_colour() -> None:
    assert colour_of("work") == colour_of("WORK")
    assert len({colour_of(f"tag{number}") for number in range(40)}) > 5
