"""Ids and counts: what cannot be one is a wrong call, never a traceback."""

from __future__ import annotations

import argparse

import pytest

from desktopmail.cli.numbers import LARGEST, is_local_id, limit, local_id


def test_a_number_that_the_store_can_hold_is_an_id() -> None:
    assert local_id("1") == 1
    assert local_id(str(LARGEST)) == LARGEST
    assert limit("50") == 50


@pytest.mark.parametrize("text", ["", "0", "-1", "first", "1.5", str(LARGEST + 1), "9" * 5000, "²"])
def test_anything_else_is_refused(text: str) -> None:
    for read in (local_id, limit):
        with pytest.raises(argparse.ArgumentTypeError, match="is not a"):
            read(text)
    assert not is_local_id(text)
