"""Octets have a name, and are deflated where that is worth it."""

from __future__ import annotations

import hashlib
import os

from desktopmail.engine import content
from desktopmail.engine.content import Content


def test_the_name_is_the_sha_256_of_the_octets() -> None:
    assert Content.of(b"abc").sha256 == hashlib.sha256(b"abc").digest()


def test_what_gets_smaller_is_deflated() -> None:
    one = Content.of(b"ab\r\n" * 1000)
    assert one.is_deflated
    assert len(one.stored) < one.size == 4000
    assert one.octets == b"ab\r\n" * 1000


def test_what_is_large_or_does_not_get_smaller_stays_as_it_is() -> None:
    assert not Content.of(b"a" * (content.MAX_DEFLATED_OCTETS + 1)).is_deflated
    octets = os.urandom(1000)
    one = Content.of(octets)
    assert not one.is_deflated
    assert one.stored is octets
