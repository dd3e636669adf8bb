"""Patterns of mailbox names."""

from __future__ import annotations

import re
from itertools import product

import pytest

from localserver.store.name_pattern import NamePattern


@pytest.mark.parametrize(
    ("reference", "wanted", "name", "matches"),
    [
        ("", "*", "a/b", True), ("", "%", "a/b", False), ("", "%/%", "a/b", True),
        ("a/", "%", "a/b", True), ("", "a*c", "a/b/c", True), ("", "a.b", "axb", False),
        ("", "inbox", "INBOX", True), ("", "*%*%*", "anything/at/all", True),
        ("", "*x%y", "x/xy", True), ("", "", "", True),
    ],
)  # fmt: skip
def test_patterns(reference: str, wanted: str, name: str, matches: bool) -> None:
    assert NamePattern(reference, wanted).matches(name) is matches


def test_every_short_pattern_matches_what_it_says() -> None:
    """Nothing is left out, nothing is too much: all patterns of four with all names of four."""
    names = ["".join(each) for size in range(1, 5) for each in product("ab/", repeat=size)]
    for size in range(1, 5):
        for each in product("a/*%", repeat=size):
            wanted = "".join(each)
            said = re.compile(wanted.replace("*", ".*").replace("%", "[^/]*"))
            pattern = NamePattern("", wanted)
            for name in names:
                assert pattern.matches(name) is bool(said.fullmatch(name)), (wanted, name)


@pytest.mark.parametrize(
    "wanted", ["*%" * 500 + "x", "*a" * 400 + "b", "%a" * 400 + "b", "*a%a" * 200 + "b"]
)
def test_a_pattern_of_many_wildcards_takes_no_time(wanted: str) -> None:
    assert not NamePattern("", wanted).matches("a" * 5000)
