"""Octets come back as they were put in."""

from __future__ import annotations

import zlib

import pytest

from desktopmail.door.inflate import inflate


def test_what_is_not_deflated_comes_back_as_it_is() -> None:
    assert inflate(zlib.compress(b"Subject: one"), deflated=False) == zlib.compress(b"Subject: one")


def test_what_is_deflated_comes_back_as_it_was() -> None:
    assert inflate(zlib.compress(b"Subject: one"), deflated=True) == b"Subject: one"


def test_what_is_damaged_is_said_to_be() -> None:
    with pytest.raises(zlib.error):
        inflate(zlib.compress(b"Subject: one")[:-1], deflated=True)
