"""Errors of the store as response codes."""

from __future__ import annotations

import pytest

from desktopmail.wire.imap.codes import Code
from localserver.imap import refusal
from localserver.store import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.DiskFullError("No room."), Code.OVERQUOTA),
        (errors.OverQuotaError("Full."), Code.OVERQUOTA),
        (errors.DamagedError("Damaged."), Code.CORRUPTION),
        (errors.StoreError("Try again."), Code.UNAVAILABLE),
        (errors.InUseError("In use."), Code.INUSE),
    ],
)
def test_each_error_has_its_code(error: errors.StoreError, code: Code) -> None:
    assert refusal.of(error) == (code, str(error))


def test_a_text_becomes_one_line_of_ascii() -> None:
    assert refusal.one_line("a\r\nb \u00fc") == "a b ?"
    assert refusal.one_line("") == "Refused."
