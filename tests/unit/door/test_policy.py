"""A policy is read and written in one form, and says from which arrival on bodies are kept."""

from __future__ import annotations

import pytest

from desktopmail.door.policy import EVERYTHING, HEADERS, Policy

DAY_S = 86_400


@pytest.mark.parametrize("text", ["everything", "headers", "days:1", "days:30", "days:36500"])
def test_what_is_written_is_read_back(text: str) -> None:
    assert str(Policy.parse(text)) == text


def test_no_text_is_everything() -> None:
    assert Policy.parse("") == EVERYTHING


@pytest.mark.parametrize(
    "text", ["days", "days:", "days:0", "days:-1", "days:x", "days:99999", "days:¹", "all", "30"]
)
def test_anything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="is none of everything, headers and days:N"):
        Policy.parse(text)


def test_days_are_counted_back_from_now() -> None:
    now_s = 1000.0 * DAY_S
    assert EVERYTHING.since_s(now_s) == 0.0
    assert Policy(30).since_s(now_s) == 970.0 * DAY_S
    assert HEADERS.since_s(now_s) is None
