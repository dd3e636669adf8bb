"""Texts as they are compared."""

from __future__ import annotations

import pytest

from localserver.store.folding import folded


@pytest.mark.parametrize(
    ("one", "other"), [("ABC", "abc"), ("Straße", "STRASSE"), ("\u00fc", "U\u0308"), ("ﬁ", "FI")]
)
def test_case_and_compatibility_forms_do_not_matter(one: str, other: str) -> None:
    assert folded(one) == folded(other)
