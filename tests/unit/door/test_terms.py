"""The tree of a query: what all has to hold, and the states that are another's opposite."""

from __future__ import annotations

import pytest

from desktopmail.door.search import tree
from desktopmail.door.terms import All, Node, Term, opposite_of, parts_of, state_of


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("a (b (c d))", ["a", "b", "c", "d"]),
        ("-(a OR b) c", ["-a", "-b", "c"]),
        ("-(-(a))", ["a"]),
        ("-(a b)", ["-(a b)"]),
        ("(a OR b) c", ["a OR b", "c"]),
    ],
)
def test_what_all_has_to_hold_is_told_apart(query: str, parts: list[str]) -> None:
    expected: list[Node] = [tree(part) for part in parts]
    assert parts_of(tree(query)) == expected


def test_without_parts_everything_matches() -> None:
    assert parts_of(All()) == []


@pytest.mark.parametrize(
    ("term", "state"),
    [
        (Term("is", "UNREAD"), "unread"),
        (Term("is", "seen"), "read"),
        (Term("is", "starred"), "flagged"),
        (Term("", "unread"), ""),
    ],
)
def test_a_state_has_one_name(term: Term, state: str) -> None:
    assert state_of(term) == state


def test_read_and_unread_are_opposites_and_other_states_have_none() -> None:
    assert (opposite_of("read"), opposite_of("unread")) == ("unread", "read")
    assert opposite_of("flagged") == ""
