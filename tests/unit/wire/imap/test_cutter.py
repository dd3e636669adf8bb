"""Responses and commands are cut whole, before any grammar."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap import cutter as cutter_module
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.cutter import Cutter, LiteralHeader, Unit
from desktopmail.wire.imap.limits import Limits

SMALL = Limits(100, 50, 200, 3, 300)


LARGE = Limits(1000, 1_000_000, 1_000_000, 10, 1_000_000)


def cut(pieces: list[bytes], limits: Limits = SMALL) -> list[bytes]:
    return [unit.octets for unit in cut_units(pieces, limits)]


def cut_units(pieces: list[bytes], limits: Limits) -> list[Unit]:
    cutter = Cutter(limits)
    units = []
    for piece in pieces:
        cutter.receive(piece)
        while (found := cutter.next()) is not None:
            if isinstance(found, LiteralHeader):
                cutter.keep()
            elif isinstance(found, Unit):
                units.append(found)
    return units


STREAM = b"* 1 FETCH (A {3}\r\nx\r\n B ~{0}\r\n)\r\n* OK {5}\r\na b {2+}\r\n\r\n\r\n\n+ x\r\n"
UNITS = [b"* 1 FETCH (A {3}\r\nx\r\n B ~{0}\r\n)", b"* OK {5}", b"a b {2+}\r\n\r\n", b"", b"+ x"]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_where_the_stream_is_split_makes_no_difference(places: list[int]) -> None:
    bounds = [0, *sorted(places), len(STREAM)]
    assert cut([STREAM[a:b] for a, b in itertools.pairwise(bounds)]) == UNITS


def test_octet_by_octet_is_the_same() -> None:
    assert cut([STREAM[n : n + 1] for n in range(len(STREAM))]) == UNITS


def test_a_literal_is_not_looked_for_in_the_text_of_a_status_response() -> None:
    assert cut([b"a1 NO no {9}\r\n* BYE [ALERT] {9}\r\n"]) == [
        b"a1 NO no {9}",
        b"* BYE [ALERT] {9}",
    ]


def test_a_literal_inside_a_response_code_is_found() -> None:
    assert cut([b"* NO [BADCHARSET ({5}\r\nUTF-8)] no\r\n"]) == [
        b"* NO [BADCHARSET ({5}\r\nUTF-8)] no"
    ]


def test_an_endless_line_ends_at_the_limit_in_linear_time() -> None:
    cutter = Cutter(Limits(1 << 20, 50, 200, 3, 1 << 21))
    begin = time.process_time()
    for _ in range(1 << 20):
        cutter.receive(b"a")
        assert cutter.next() is None
    cutter.receive(b"a")
    with pytest.raises(RemoteProtocolError) as caught:
        cutter.next()
    assert caught.value.limit == "max_line_octets"
    assert time.process_time() - begin < 10


def test_a_line_that_ends_is_measured_too() -> None:
    with pytest.raises(RemoteProtocolError, match="too long"):
        cut([b"a" * 101 + b"\r\n"])


@pytest.mark.parametrize(
    "size", [b"51", b"9223372036854775807", b"18446744073709551616", b"9" * 90]
)
def test_a_literal_over_the_limit_is_not_kept(size: bytes) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        cut([b"a {" + size + b"}\r\n"])
    assert caught.value.limit == "max_literal_octets"


def test_all_literals_of_a_unit_together_have_a_limit() -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        cut([b"a {50}\r\n" + b"x" * 50 + (b" {50}\r\n" + b"x" * 50) * 6])
    assert caught.value.limit == "max_total_octets"


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_large_literal_is_kept_beside_its_unit_however_it_comes(
    step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutter_module, "_INLINE_OCTETS", 8)
    large = bytes(range(256)).replace(b"\n", b"") * 2
    said = b"* 1 FETCH (A {%d}\r\n%b B {8}\r\n01234567 C {9}\r\n012345678 D 1)\r\n* 2 x\r\n" % (
        len(large), large,
    )  # fmt: skip
    first, second = cut_units([said[at : at + step] for at in range(0, len(said), step)], LARGE)
    head = b"* 1 FETCH (A {%d}\r\n" % len(large)
    inline = head + b" B {8}\r\n01234567 C {9}\r\n"
    assert first == Unit(inline + b" D 1)", {len(head): large, len(inline): b"012345678"})
    assert second == Unit(b"* 2 x")


def test_large_literals_count_too() -> None:
    cutter = Cutter(replace(LARGE, max_total_octets=300_000))
    cutter.receive(b"a {200000}\r\n" + bytes(200_000) + b" {200000}\r\n")
    assert isinstance(cutter.next(), LiteralHeader)
    cutter.keep()
    assert isinstance(cutter.next(), LiteralHeader)
    with pytest.raises(RemoteProtocolError) as caught:
        cutter.keep()
    assert caught.value.limit == "max_total_octets"


def test_a_streamed_literal_is_handed_on_as_it_comes() -> None:
    cutter = Cutter(SMALL)
    cutter.receive(b"* 1 FETCH (A {10}\r\n0123")
    assert isinstance(cutter.next(), LiteralHeader)
    cutter.stream()
    assert cutter.next() == b"0123"
    assert cutter.next() is None
    cutter.receive(b"456789 B 1)\r\n")
    assert cutter.next() == b"456789"
    assert cutter.streaming == 0
    unit = cutter.next()
    assert isinstance(unit, Unit)
    assert unit.octets == b"* 1 FETCH (A {10}\r\n B 1)"
    assert unit.aside == {len(b"* 1 FETCH (A {10}\r\n"): Streamed(10)}


def test_a_discarded_literal_is_gone_and_its_line_is_whole() -> None:
    cutter = Cutter(SMALL)
    cutter.receive(b"a b {9+}\r\n12345")
    assert isinstance(cutter.next(), LiteralHeader)
    cutter.discard()
    assert cutter.next() is None
    cutter.receive(b"6789 c\r\nd\r\n")
    unit, following = cutter.next(), cutter.next()
    assert isinstance(unit, Unit)
    assert unit.octets == b"a b {9+}\r\n c"
    assert following == Unit(b"d")


def test_an_abandoned_unit_leaves_nothing_behind() -> None:
    cutter = Cutter(SMALL)
    cutter.receive(b"a {9}\r\nb\r\n")
    assert isinstance(cutter.next(), LiteralHeader)
    cutter.abandon()
    assert cutter.next() == Unit(b"b")
    assert not cutter.is_inside


def test_a_decision_without_a_literal_is_our_fault() -> None:
    with pytest.raises(LocalProtocolError):
        Cutter(SMALL).keep()


def test_the_rest_can_be_taken_when_octets_change_their_meaning() -> None:
    cutter = Cutter(SMALL)
    cutter.receive(b"a\r\n\x01\x02")
    assert cutter.next() == Unit(b"a")
    cutter.receive(b"\x03")
    assert cutter.rest() == b"\x01\x02\x03"
    assert cutter.buffered == 0


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_any_octets_are_cut_or_are_the_peers_fault(pieces: list[bytes]) -> None:
    try:
        units = cut(pieces)
    except RemoteProtocolError:
        return
    assert all(b"\n" not in unit or b"}" in unit for unit in units)


def test_a_pattern_is_not_tried_again_on_a_line_that_has_not_ended() -> None:
    class Pattern:
        tried = 0

        def match(self, _octets: bytes, _pos: int) -> None:
            self.tried += 1

    pattern = Pattern()
    cutter = Cutter(Limits(10_000_000, 50, 200, 3, 10_000_000))
    cutter.receive(b"* 1 FETCH (FLAGS (" + b"a " * 100_000)
    for _ in range(100):
        cutter.take(pattern)  # type: ignore[arg-type]
        assert cutter.next() is None
        cutter.receive(b"b")
    assert pattern.tried == 1


def test_what_arrives_in_drops_is_not_kept_as_one_object_for_each() -> None:
    cutter = Cutter(Limits(10_000_000, 10_000_000, 200, 3, 10_000_000))
    line = b"* X {60000}\r\n" + b"ab" * 30_000 + b" y\r\n"
    cutter.receive(line[:13])
    assert isinstance(cutter.next(), LiteralHeader)
    cutter.keep()
    for at in range(13, len(line), 2):
        assert cutter.next() is None
        cutter.receive(line[at : at + 2])
        assert len(cutter._late) < 1500
    unit = cutter.next()
    assert isinstance(unit, Unit)
    assert unit.octets == line[:-2]
