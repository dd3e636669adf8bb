"""Octets come out as they went in, and what nothing names is swept."""

from __future__ import annotations

import contextlib
import os
import random
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.octets import OctetsLostError
from desktopmail.door.profile import Profile
from desktopmail.engine.content import Content
from desktopmail.engine.store import segments
from desktopmail.engine.store.segments import Segments
from tests.helpers.half_written import half_write

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = [b"", b"a", b"ab\r\n" * 1000, bytes(range(256)) * 3000]


def contents(*all_octets: bytes) -> list[Content]:
    return [Content.of(octets) for octets in all_octets]


def test_octets_come_out_as_they_went_in(tmp_path: Path) -> None:
    store = Segments(Profile.at(tmp_path))
    stored = store.write(contents(*CONTENTS))
    assert [store.read(one.segment, one.position) for one in stored] == CONTENTS
    assert [one.octets for one in stored] == [len(octets) for octets in CONTENTS]
    store.close()


def test_large_octets_are_put_into_their_rows_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "AT_ONCE_OCTETS", 1000)
    monkeypatch.setattr(segments, "_PIECE_OCTETS", 300)
    store = Segments(Profile.at(tmp_path))
    octets = [random.Random(size).randbytes(size) for size in (1000, 1001, 40_000, 10)]
    stored = store.write(contents(*octets))
    assert [store.read(one.segment, one.position) for one in stored] == octets
    store.close()


def test_a_full_segment_is_followed_by_the_next(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    store = Segments(profile, segment_octets=200_000)
    stored = [
        store.write(contents(bytes([number]) * 5 + bytes(range(256)) * 400))[0]
        for number in range(5)
    ]
    store.close()
    assert len({one.segment for one in stored}) > 1
    again = Segments(profile, segment_octets=200_000)
    assert again.number == stored[-1].segment
    for number, one in enumerate(stored):
        assert again.read(one.segment, one.position)[:5] == bytes([number]) * 5
    again.close()


def test_octets_that_no_row_names_are_swept_and_the_others_stay(tmp_path: Path) -> None:
    store = Segments(Profile.at(tmp_path))
    kept, orphan = store.write(contents(b"kept", b"orphan"))
    assert store.sweep(1, [kept.position]) == len(b"orphan")
    assert store.read(1, kept.position) == b"kept"
    with pytest.raises(OctetsLostError):
        store.read(1, orphan.position)
    store.compact(1)
    assert store.read(1, kept.position) == b"kept"
    store.close()


def test_a_position_is_never_given_twice(tmp_path: Path) -> None:
    store = Segments(Profile.at(tmp_path))
    first = store.write(contents(b"first"))[0]
    store.sweep(1, [])
    assert store.write(contents(b"second"))[0].position > first.position
    store.close()


def spoil(path: Path, at: int = 0, octets: int = 16_384) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xaa" * octets)


@pytest.mark.logs("is damaged")
def test_behind_a_damaged_segment_the_next_is_written(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    store.write(contents(b"first"))
    store.close()
    spoil(profile.segment(1))
    again = Segments(profile, named=1)
    assert again.number == 2
    assert again.sweep(1, []) == 0
    assert again.free_octets() == 0
    again.compact(1)
    (one,) = again.write(contents(b"second"))
    assert again.read(one.segment, one.position) == b"second"
    assert again.set_aside(1)
    assert not again.set_aside(2)
    assert again.numbers() == [2]
    assert profile.segment(1).with_suffix(".damaged").exists()
    again.close()


@pytest.mark.logs("is damaged")
def test_a_bad_page_keeps_nobody_from_writing_and_takes_nothing_else_along(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    stored = store.write(contents(*(os.urandom(30_000) for _ in range(40))))
    store.close()
    size = profile.segment(1).stat().st_size
    for page in range(2, size // 16_384, 9):
        spoil(profile.segment(1), page * 16_384)
    again = Segments(profile, named=1)
    again.sweep(1, [])  # what is damaged is not swept
    fresh = again.write(contents(b"fresh"))[0]
    assert again.read(fresh.segment, fresh.position) == b"fresh"
    read = 0
    for one in stored:
        with contextlib.suppress(OctetsLostError):
            assert len(again.read(one.segment, one.position)) == one.octets
            read += 1
    assert len(stored) // 3 < read < len(stored)
    again.close()


def test_what_a_step_wrote_that_failed_makes_room_for_the_next_try(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    kept = store.write(contents(b"kept"))[0]
    store.end_step(is_durable=True)
    octets = os.urandom(500_000)
    store.write(contents(octets))
    store.end_step(is_durable=False)
    size = profile.segment(1).stat().st_size
    for _ in range(5):
        first = store.write(contents(octets))[0]
        second = store.write(contents(b"of the same step"))[0]
        assert store.read(1, first.position) == octets
        assert store.read(1, second.position) == b"of the same step"
        store.end_step(is_durable=False)
    assert profile.segment(1).stat().st_size <= size + 2 * 16_384
    assert store.read(1, kept.position) == b"kept"
    store.close()


def test_the_number_of_a_lost_segment_is_not_given_again(tmp_path: Path) -> None:
    """Rows name its positions: with what is new there, they would show another's message."""
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    store.write(contents(b"first"))
    store.close()
    profile.segment(1).unlink()
    again = Segments(profile, named=1)
    assert again.write(contents(b"second"))[0].segment == 2
    again.close()


@given(st.binary(max_size=3000))
def test_what_is_deflated_inflates_to_the_same(octets: bytes) -> None:
    one = Content.of(octets)
    assert one.size == len(octets)
    assert one.octets == octets


def test_each_octet_is_written_to_the_disk_once(tmp_path: Path) -> None:
    """A write-ahead log would have all of them written twice."""
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    store.write(contents(os.urandom(2_000_000)))
    files = {path.name: path.stat().st_size for path in profile.segments.iterdir()}
    assert files.pop("000001.db") > 2_000_000
    assert files == {"000001.db-journal": 0}
    store.close()


def with_a_log(path: Path) -> apsw.Connection:
    """Open a segment as earlier versions wrote it."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("UPDATE octets SET deflated = deflated")
    return connection


def test_a_segment_of_an_earlier_version_loses_its_log(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    (kept,) = store.write(contents(b"kept"))
    store.close()
    with_a_log(profile.segment(1)).close()
    again = Segments(profile)
    again.write(contents(b"more"))
    assert not profile.segment(1).with_suffix(".db-wal").exists()
    assert again.read(1, kept.position) == b"kept"
    again.close()


def test_a_segment_that_somebody_reads_keeps_its_log_for_now(tmp_path: Path) -> None:
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    (kept,) = store.write(contents(b"kept"))
    store.close()
    reader = with_a_log(profile.segment(1))
    again = Segments(profile)
    (more,) = again.write(contents(b"more"))
    assert profile.segment(1).with_suffix(".db-wal").exists()
    assert again.read(1, kept.position) == b"kept"
    assert again.read(1, more.position) == b"more"
    again.close()
    reader.close()


def test_what_a_crash_left_half_written_is_taken_back_in_every_segment(tmp_path: Path) -> None:
    """Who may only read could not take it back, and not read either."""
    profile = Profile.at(tmp_path)
    store = Segments(profile)
    (kept,) = store.write(contents(b"kept"))
    store.begin_next()
    store.close()
    journal = half_write(profile.segment(1))
    again = Segments(profile)
    assert not journal.exists() or journal.stat().st_size == 0
    assert again.read(1, kept.position) == b"kept"
    again.close()
