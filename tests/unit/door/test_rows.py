"""Rows are frozen values; the bit masks of flags are what the store keeps."""

from __future__ import annotations

import pytest

from desktopmail.door.rows import Flag, Role, View


def test_the_bits_of_the_flags_do_not_change_under_a_stored_mask() -> None:
    bits = {flag.name: flag.value for flag in Flag}
    assert bits == {
        "SEEN": 1, "ANSWERED": 2, "FLAGGED": 4, "DELETED": 8, "DRAFT": 16, "FORWARDED": 32,
        "RECEIPT_SENT": 64,
    }  # fmt: skip


def test_a_view_is_a_key() -> None:
    assert len({View(query="x"), View(query="x"), View(query="y")}) == 2


def test_a_view_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        View().query = "x"  # type: ignore[misc]


def test_an_ordinary_mailbox_has_no_role() -> None:
    assert not Role.NONE
