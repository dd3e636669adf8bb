"""Reading the elements of the grammar."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.cursor import Cursor, Streamed, unquote
from desktopmail.wire.imap.limits import MAX_ARGUMENTS, MAX_NESTING


def test_an_astring_is_an_atom_with_brackets_or_a_string() -> None:
    for octets, text in [
        (b"a]b", b"a]b"),
        (b'"a b"', b"a b"),
        (b'"a\\"\\\\b"', b'a"\\b'),
        (b"{3}\r\na\r\n", b"a\r\n"),
        (b"{3+}\r\na\r\n", b"a\r\n"),
    ]:
        cursor = Cursor(octets)
        assert cursor.astring() == text
        assert cursor.at_end


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b" ",
        b"(",
        b")",
        b"{3}\r\nab",
        b'"ab',
        b'"a\r\nb"',
        b'"a\0"',
        b"a*"[1:],
        b"%",
        b"\xff",
        b"{9}",
        b'"\xff"',
        b"~{1}\r\na",
        b"{1}\r\n\0",
    ],
)
def test_what_is_no_astring_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Cursor(octets).astring()


def test_nil_is_none_and_a_quoted_nil_is_a_text() -> None:
    assert Cursor(b"NIL").nstring() is None
    assert Cursor(b"nil").nstring() is None
    assert Cursor(b'"NIL"').nstring() == b"NIL"


def test_one_space_is_read_strictly_and_several_where_we_are_lenient() -> None:
    cursor = Cursor(b"  a")
    cursor.sp()
    assert cursor.peek(b" a")
    lenient = Cursor(b"   a", lenient=True)
    lenient.sp()
    assert lenient.peek(b"a")


@pytest.mark.parametrize(
    ("octets", "largest"),
    [(b"4294967296", 0xFFFFFFFF), (b"9" * 20, 1 << 63), (b"x", 5), (b"", 5), (b"-1", 5)],
)
def test_numbers_have_their_bounds(octets: bytes, largest: int) -> None:
    with pytest.raises(RemoteProtocolError):
        Cursor(octets).number(largest)


def test_zero_is_a_number_and_not_an_nz_number() -> None:
    assert Cursor(b"0").number() == 0
    with pytest.raises(RemoteProtocolError):
        Cursor(b"0").nz_number()


def test_a_streamed_literal_is_named_where_it_stood() -> None:
    cursor = Cursor(b"{70000}\r\n)", aside={9: Streamed(70000)})
    assert cursor.literal() == Streamed(70000)
    assert cursor.peek(b")")


def test_a_list_is_read_element_by_element() -> None:
    assert Cursor(b"(a b c)").parenthesised(Cursor.atom) == [b"a", b"b", b"c"]
    assert Cursor(b"()").parenthesised(Cursor.atom) == []
    for octets in (b"(a  b)", b"(a", b"(a b", b"( a)", b"(a )"):
        with pytest.raises(RemoteProtocolError):
            Cursor(octets).parenthesised(Cursor.atom)
    assert Cursor(b"( a  b )", lenient=True).parenthesised(Cursor.atom) == [b"a", b"b"]


def test_a_list_of_too_many_arguments_is_refused() -> None:
    octets = b"(" + b"a " * (MAX_ARGUMENTS + 1) + b"a)"
    with pytest.raises(RemoteProtocolError) as caught:
        Cursor(octets).parenthesised(Cursor.atom)
    assert caught.value.limit == "MAX_ARGUMENTS"


def test_unknown_values_are_stepped_over_whole() -> None:
    for value in (b"a", b"()", b'(a "b)" (c {3}\r\n)(( d))', b'"x"', b"{2}\r\n((", b"~{1}\r\n\0"):
        cursor = Cursor(value + b" next")
        assert cursor.skip_value() == value
        assert cursor.peek(b" next")


def test_a_million_parentheses_end_at_the_limit_at_once() -> None:
    begin = time.process_time()
    with pytest.raises(RemoteProtocolError) as caught:
        Cursor(b"(" * 1_000_000).skip_value()
    assert caught.value.limit == "MAX_NESTING"
    assert time.process_time() - begin < 0.5
    Cursor(b"(" * MAX_NESTING + b")" * MAX_NESTING).skip_value()


@pytest.mark.parametrize("octets", [b"", b")", b"(a", b"((a)", b" a", b"{5}\r\nab", b'("a)'])
def test_a_value_that_does_not_end_is_the_peers_fault(octets: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        Cursor(octets).skip_value()


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_are_the_peers_fault(octets: bytes) -> None:
    for lenient in (False, True):
        for read in (
            Cursor.astring,
            Cursor.nstring,
            Cursor.skip_value,
            Cursor.number64,
            Cursor.atom,
        ):
            cursor = Cursor(octets, lenient=lenient)
            try:
                read(cursor)
            except RemoteProtocolError:
                continue
            assert 0 <= cursor.pos <= len(octets)


def test_backslashes_are_taken_out_once() -> None:
    assert unquote(rb"a\\b\"c") == rb'a\b"c'


def test_the_elements_of_a_response_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktopmail.wire.imap.cursor.MAX_ELEMENTS", 100)
    cursor = Cursor(b"(" + b"a " * 100 + b"b)", lenient=True)
    with pytest.raises(RemoteProtocolError) as caught:
        cursor.parenthesised(lambda each: each.atom())
    assert caught.value.limit == "MAX_ELEMENTS"
