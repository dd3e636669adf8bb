"""Octets have a name, and are deflated where that is worth it."""

from __future__ import annotations

import hashlib
import os

from desktopmail.door.octets import inflate
from desktopmail.engine import content
from desktopmail.engine.content import Content


def test_the_name_is_the_sha_256_of_the_octets() -> None:
    assert Content.of(b"abc").sha256 == hashlib.sha256(b"abc").digest()


def test_what_gets_smaller_is_deflated() -> None:
    one = Content.of(b"ab\r\n" * 1000)
    assert one.deflated is not None
    assert inflate(one.deflated, deflated=True) == one.octets


def test_what_is_large_or_does_not_get_smaller_stays_as_it_is() -> None:
    assert Content.of(b"a" * (content.MAX_DEFLATED_OCTETS + 1)).deflated is None
    assert Content.of(os.urandom(1000)).deflated is None
