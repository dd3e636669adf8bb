"""Names of mailboxes."""

from __future__ import annotations

import pytest

from localserver.store import names
from localserver.store.errors import InvalidNameError
from localserver.store.interface import StoreLimits


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("inbox", "INBOX"), ("InBox/x", "INBOX/x"), ("inboxes", "inboxes"), ("a/inbox", "a/inbox"),
        ("u\u0308", "\u00fc"),
    ],
)  # fmt: skip
def test_inbox_is_one_in_any_case_and_names_are_composed(name: str, canonical: str) -> None:
    assert names.canonical(name) == canonical


@pytest.mark.parametrize("name", ["a", "a/b", "Entwürfe", "日本語/メール", "a.b", "R&D", "a/"])
def test_names_people_use_are_allowed(name: str) -> None:
    assert names.check(name, StoreLimits()) == name.removesuffix("/")


@pytest.mark.parametrize(
    "name", ["", "/", "/a", "a//b", "..", "a/../b", "a\0", "a\r\nb", "a\u202eb", "*", "%", "\uef80"]
)
def test_names_that_harm_are_refused(name: str) -> None:
    with pytest.raises(InvalidNameError):
        names.check(name, StoreLimits())


def test_length_and_depth_are_bounded() -> None:
    limits = StoreLimits(name_octets=10, levels=3)
    assert names.check("a/b/c", limits) == "a/b/c"
    with pytest.raises(InvalidNameError, match="3 levels"):
        names.check("a/b/c/d", limits)
    with pytest.raises(InvalidNameError, match="10 octets"):
        names.check("ü" * 6, limits)


def test_the_tree() -> None:
    assert names.parents("a/b/c") == ["a", "a/b"]
    assert names.below("a", ["a", "a/b", "ab", "a/b/c"]) == ["a/b", "a/b/c"]
