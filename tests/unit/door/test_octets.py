"""Octets are read from whatever segment they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw
import pytest

from desktopmail.door import octets
from desktopmail.door.octets import OctetReader, OctetsLostError
from desktopmail.door.profile import Profile
from desktopmail.door.sqlite import fetch
from desktopmail.engine.content import Content
from desktopmail.engine.store.segments import Segments
from tests.helpers.half_written import half_write

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.sqlite import Fields


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


def test_octets_are_read_after_the_engine_was_killed_while_it_wrote(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    writer = Segments(profile)
    (one,) = writer.write([Content.of(b"kept")])
    reader = OctetReader(profile)
    assert reader.read(one.segment, one.position) == b"kept"
    writer.close()
    half_write(profile.segment(one.segment))
    assert reader.read(one.segment, one.position) == b"kept"
    reader.close()


def test_a_large_message_is_read_without_another_copy_of_it(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    large = bytes(range(256)) * 20_000
    writer = Segments(profile)
    (one,) = writer.write([Content.of(large)])
    writer.close()
    reader = OctetReader(profile)
    apsw.status(apsw.SQLITE_STATUS_MEMORY_USED, reset=True)
    before, _ = apsw.status(apsw.SQLITE_STATUS_MEMORY_USED)
    assert reader.read(one.segment, one.position) == large
    _, most = apsw.status(apsw.SQLITE_STATUS_MEMORY_USED)
    assert most - before < len(large)
    reader.close()


def test_a_large_message_that_is_deleted_between_two_looks_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Profile.at(tmp_path)
    writer = Segments(profile)
    (one,) = writer.write([Content.of(bytes(range(256)) * 4000)])
    reader = OctetReader(profile)

    def look(*arguments: Any) -> list[Fields]:
        found = fetch(*arguments)
        writer.forget([one.position])
        return found

    monkeypatch.setattr(octets, "fetch", look)
    with pytest.raises(OctetsLostError, match="deleted meanwhile"):
        reader.read(one.segment, one.position)
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
