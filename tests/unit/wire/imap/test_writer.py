"""The one serialiser: atom, quoted string or literal by content, and nothing breaks a line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.writer import ANY_SIZE, LITERAL_MINUS_OCTETS, Writer, octets_of
from desktopmail.wire.output import Segment


def written(write: object, **options: object) -> list[Segment | None]:
    writer = Writer(**options)  # type: ignore[arg-type]
    write(writer)  # type: ignore[operator]
    return writer.finish()


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"abc", b"abc\r\n"),
        (b"a]b", b"a]b\r\n"),
        (b"", b'""\r\n'),
        (b"NIL", b'"NIL"\r\n'),
        (b"nil", b'"nil"\r\n'),
        (b"a b", b'"a b"\r\n'),
        (b'a"\\b', b'"a\\"\\\\b"\r\n'),
        (b"a{1}", b'"a{1}"\r\n'),
        (b"\x01", b'"\x01"\r\n'),
    ],
)
def test_the_content_decides_how_an_argument_is_written(octets: bytes, expected: bytes) -> None:
    assert written(lambda w: w.astring(octets)) == [Segment(expected)]


def test_other_than_ascii_goes_in_a_literal_that_waits_for_leave() -> None:
    octets = "ü".encode()
    assert written(lambda w: w.astring(octets)) == [
        Segment(b"{2}\r\n"),
        None,
        Segment(b"\xc3\xbc\r\n"),
    ]


def test_with_literal_plus_nothing_waits() -> None:
    assert written(lambda w: w.astring(b"\xff"), non_sync_octets=ANY_SIZE) == [
        Segment(b"{1+}\r\n\xff\r\n")
    ]


def test_literal_minus_ends_at_4096_octets() -> None:
    for size, waits in ((4096, False), (4097, True)):
        pieces = written(
            lambda w, n=size: w.literal(b"x" * n), non_sync_octets=LITERAL_MINUS_OCTETS
        )
        assert (None in pieces) is waits


def test_utf_8_is_quoted_once_it_is_enabled() -> None:
    assert written(lambda w: w.astring("ü".encode()), utf8=True) == [Segment(b'"\xc3\xbc"\r\n')]
    assert written(lambda w: w.astring(b"\xff"), utf8=True, server=True) == [
        Segment(b"{1}\r\n\xff\r\n")
    ]


@pytest.mark.parametrize("octets", [b"a\rb", b"a\nb", b"a\0b", b"\r\n", b"\xff\r"])
def test_cr_lf_and_nul_are_refused_in_every_argument_of_a_client(octets: bytes) -> None:
    for write in (
        lambda w: w.astring(octets),
        lambda w: w.string(octets),
        lambda w: w.nstring(octets),
        lambda w: w.atom(octets),
        lambda w: w.secret(octets, "<x>"),
        lambda w: w.astring(octets, mask="<x>"),
        lambda w: w.raw(octets),
    ):
        for utf8 in (False, True):
            with pytest.raises(LocalProtocolError):
                written(write, utf8=utf8, non_sync_octets=ANY_SIZE)


@pytest.mark.parametrize("octets", [b"a\rb", b"a\nb", b"a\0b"])
def test_cr_lf_and_nul_of_a_server_go_into_a_literal_and_never_into_a_line(octets: bytes) -> None:
    assert written(lambda w: w.string(octets), server=True) == [
        Segment(b"{3}\r\n" + octets + b"\r\n")
    ]
    with pytest.raises(LocalProtocolError):
        written(lambda w: w.raw(octets), server=True)


@given(st.binary(max_size=2000))
def test_any_octets_of_a_server_come_back_as_they_were(octets: bytes) -> None:
    for utf8 in (False, True):
        cursor = Cursor(octets_of(lambda w: w.string(octets), utf8=utf8), lenient=True, utf8=utf8)
        assert cursor.string() == octets
        assert cursor.at_end


@given(st.binary(max_size=50).filter(lambda octets: not {0, 10, 13} & set(octets)))
def test_any_argument_of_a_client_comes_back_strictly(octets: bytes) -> None:
    pieces = written(lambda w: w.astring(octets), non_sync_octets=ANY_SIZE)
    cursor = Cursor(b"".join(piece.octets for piece in pieces if piece)[:-2])
    assert cursor.astring() == octets
    assert cursor.at_end


def test_a_secret_is_masked_and_goes_out_as_it_is() -> None:
    pieces = written(lambda w: (w.raw(b"LOGIN a "), w.astring(b'p"w', mask="<password>")))
    assert [piece and piece.redacted for piece in pieces] == [b"LOGIN a ", b"<password>", b"\r\n"]
    assert pieces[1] == Segment(b'"p\\"w"', "<password>")


def test_a_secret_that_cannot_be_quoted_is_a_masked_literal() -> None:
    pieces = written(lambda w: w.astring("pä".encode(), mask="<password>"))
    assert pieces == [
        Segment(b"{3}\r\n"),
        None,
        Segment("pä".encode(), "<password>"),
        Segment(b"\r\n"),
    ]


def test_a_message_with_nul_needs_literal8() -> None:
    with pytest.raises(LocalProtocolError):
        written(lambda w: w.message(b"a\0b"))
    assert written(lambda w: w.message(b"a\0b"), binary=True, non_sync_octets=ANY_SIZE) == [
        Segment(b"~{3+}\r\na\0b\r\n")
    ]


@pytest.mark.parametrize("value", [-1, 1 << 63])
def test_numbers_have_63_bits(value: int) -> None:
    with pytest.raises(LocalProtocolError):
        written(lambda w: w.number(value))


@pytest.mark.parametrize("octets", [b"", b"a b", b"a]", b"\xc3", b"(", b"a*"])
def test_what_is_no_atom_is_our_fault(octets: bytes) -> None:
    with pytest.raises(LocalProtocolError):
        written(lambda w: w.atom(octets))
