"""Sets of message numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.imap.sequence import (
    MAX_NUMBER,
    STAR,
    Seq,
    SeqSet,
    Uid,
    UidSet,
    read_ranges,
)

numbers = st.integers(1, MAX_NUMBER)
small = st.frozensets(st.integers(1, 60))


@pytest.mark.parametrize(
    ("octets", "largest", "members"),
    [
        # RFC 9051 section 9, sequence-set.
        (b"2,4:7,9,12:*", 15, [2, 4, 5, 6, 7, 9, 12, 13, 14, 15]),
        (b"*:4,5:7", 10, [4, 5, 6, 7, 8, 9, 10]),
        # RFC 9051 section 9, seq-range.
        (b"4:2", 9, [2, 3, 4]),
        (b"3291:*", 100, [100]),
        (b"*", 0, []),
        (b"5", 3, [5]),
    ],
)
def test_the_sets_of_the_rfc_have_these_members(
    octets: bytes, largest: int, members: list[int]
) -> None:
    assert list(UidSet.parse(octets).resolve(largest)) == members


def test_a_set_of_uids_is_never_a_set_of_sequence_numbers() -> None:
    assert UidSet.parse(b"1:3") != SeqSet.parse(b"1:3")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"0",
        b"1:0",
        b"1,",
        b",1",
        b"1:2:3",
        b"4294967296",
        b"1:4294967296",
        b"01",
        b"$,1",
        b"-1",
        b"1 ",
        b"99999999999",
        b"**",
        b"1:*:2",
    ],
)
def test_what_is_not_a_set_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        UidSet.parse(octets)


def test_numbers_outside_of_32_bits_are_our_fault() -> None:
    for number in (0, -1, MAX_NUMBER + 1):
        with pytest.raises(LocalProtocolError):
            UidSet.of([Uid(number)])


def test_an_empty_set_cannot_be_written() -> None:
    with pytest.raises(LocalProtocolError):
        bytes(UidSet())
    assert not UidSet()


def test_the_saved_result_has_no_members_of_its_own() -> None:
    saved = UidSet.parse(b"$")
    assert saved
    assert bytes(saved) == b"$"
    with pytest.raises(LocalProtocolError):
        list(saved)


def test_the_order_of_a_copyuid_set_is_kept() -> None:
    assert read_ranges(b"304,319:320,2") == ((304, 304), (319, 320), (2, 2))


def test_members_of_an_ascending_list_are_found_by_bisection() -> None:
    uids = [Uid(n) for n in (3, 5, 9, 12)]
    assert UidSet.parse(b"1:5,10:*").within(uids) == [3, 5, 12]
    assert UidSet.parse(b"100:*").within(uids) == [12]
    assert UidSet.parse(b"1:*").within([]) == []


@given(st.lists(numbers, max_size=30))
def test_a_set_of_numbers_holds_them_and_no_others(members: list[int]) -> None:
    made = UidSet.of(Uid(n) for n in members)
    assert list(made) == sorted(set(members))
    assert len(made) == len(set(members))
    if made:
        assert UidSet.parse(bytes(made)) == made


@given(small, small)
def test_sets_are_joined_met_and_taken_away_like_sets(one: set[int], other: set[int]) -> None:
    a, b = (SeqSet.of(Seq(n) for n in members) for members in (one, other))
    assert set(a | b) == one | other
    assert set(a & b) == one & other
    assert set(a - b) == one - other
    assert all((n in a) == (n in one) for n in range(62))


@given(small, st.integers(1, 9))
def test_chunks_hold_everything_once(members: set[int], size: int) -> None:
    chunks = list(UidSet.of(Uid(n) for n in members).chunks(size))
    assert [n for chunk in chunks for n in chunk] == sorted(members)
    assert all(len(chunk) <= size for chunk in chunks)


@given(st.binary(max_size=20))
def test_reading_raises_nothing_but_the_peers_fault(octets: bytes) -> None:
    try:
        made = UidSet.parse(octets)
    except RemoteProtocolError:
        return
    assert UidSet.parse(bytes(made)) == made
    assert all(1 <= low <= high <= STAR for low, high in made.ranges)


@given(st.lists(st.lists(st.integers(1, 60), max_size=9), max_size=6))
def test_the_union_of_many_sets_has_what_any_of_them_has(many: list[list[int]]) -> None:
    sets = [UidSet.of([Uid(number) for number in numbers]) for numbers in many]
    together = UidSet.union(sets)
    assert set(together) == set().union(*many)
    assert together == UidSet.of(together)
