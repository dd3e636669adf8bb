"""Octets are read from whatever segment they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.octets import OctetReader, OctetsLostError
from desktopmail.door.profile import Profile
from desktopmail.engine.content import Content
from desktopmail.engine.store.segments import Segments

if TYPE_CHECKING:
    from pathlib import Path


def test_octets_are_read_while_the_engine_writes_on(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    writer = Segments(profile)
    first = writer.write([Content.of(b"a" * 5000)])[0]
    reader = OctetReader(profile)
    assert reader.read(first.segment, first.position) == b"a" * 5000
    second = writer.write([Content.of(b"b")])[0]
    assert reader.read(second.segment, second.position) == b"b"
    reader.close()
    writer.close()


@pytest.mark.parametrize("segment", [1, 7])
def test_what_is_not_there_is_named(tmp_path: Path, segment: int) -> None:
    profile = Profile.at(tmp_path)
    Segments(profile).close()
    reader = OctetReader(profile)
    with pytest.raises(OctetsLostError, match="missing"):
        reader.read(segment, 99)
    reader.close()


def test_in_a_file_that_is_no_database_any_more_all_octets_are_lost(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    writer = Segments(profile)
    stored = writer.write([Content.of(b"a"), Content.of(b"b")])
    writer.close()
    profile.segment(1).write_bytes(b"\xaa" * 50_000)
    reader = OctetReader(profile)
    for one in stored:
        with pytest.raises(OctetsLostError, match="cannot be read"):
            reader.read(one.segment, one.position)
    reader.close()


def test_what_does_not_inflate_is_lost(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    writer = Segments(profile)
    (one,) = writer.write([Content.of(b"abc " * 1000)])
    writer.close()
    connection = apsw.Connection(str(profile.segment(1)))
    connection.execute("UPDATE octets SET stored = x'0102'")
    connection.close()
    reader = OctetReader(profile)
    with pytest.raises(OctetsLostError, match="cannot be read"):
        reader.read(one.segment, one.position)
    reader.close()
