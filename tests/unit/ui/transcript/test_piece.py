"""Pieces: lines, counted and dotted data, and gaps."""

from __future__ import annotations

import re

import pytest

from desktopmail.ui.transcript.piece import MESSAGE, SECRET, Cut, Half, Piece


def test_a_line_ends_in_lf_whatever_stands_before_it() -> None:
    half = Half(bytearray(b"one\r\ntwo\nthr"))
    assert half.cut() == Cut(b"one\r\n", Piece.LINE)
    assert half.cut() == Cut(b"two\n", Piece.LINE)
    assert half.cut() is None
    assert half.rest() == Cut(b"thr", Piece.LINE, complete=False)


def test_counted_data_are_not_looked_into() -> None:
    half = Half(bytearray(b"a\r\n.\r\nbNOOP\r\n"), counted=7)
    assert half.cut() == Cut(b"a\r\n.\r\nb", Piece.DATA)
    assert half.cut() == Cut(b"NOOP\r\n", Piece.LINE)


@pytest.mark.parametrize("data", [b"", b"one\r\n", b"..\r\n.x\r\n\n.\n\r\n"])
def test_dotted_data_end_at_a_dot_between_two_crlf_and_nowhere_else(data: bytes) -> None:
    half = Half(bytearray(data + b".\r\nQUIT\r\n"), dotted=True)
    if data:
        assert half.cut() == Cut(data, Piece.DATA)
    assert half.cut() == Cut(b".\r\n", Piece.END)
    assert half.cut() == Cut(b"QUIT\r\n", Piece.LINE)


def test_a_mask_counts_as_what_it_stands_for() -> None:
    half = Half(bytearray(b"<5000 octets of the message>\r\nQUIT\r\n"), counted=5000, mask=MESSAGE)
    cut = half.cut()
    assert cut is not None
    assert (cut.piece, cut.missing, cut.size) == (Piece.DATA, 5000, 5000)


def test_a_secret_has_the_length_of_its_mask() -> None:
    half = Half(bytearray(b"<password>\r\n"), counted=3, mask=SECRET)
    assert half.cut() == Cut(b"<password>", Piece.DATA)


def test_a_gap_inside_counted_data_keeps_the_place() -> None:
    half = Half(bytearray(b"abc"), counted=10)
    assert half.skip(5)
    half.buffer += b"de)\r\n"
    assert half.cut() == Cut(b"abcde", Piece.DATA, missing=5)
    assert half.cut() == Cut(b")\r\n", Piece.LINE)


def test_a_gap_beyond_counted_data_loses_the_place_until_a_line_that_is_known() -> None:
    half = Half(bytearray(b"abc"), counted=10)
    assert not half.skip(50)
    assert half.lose(re.compile(rb"^\* ", re.MULTILINE)) == Cut(
        b"abc", Piece.DATA, missing=50, complete=False
    )
    half.buffer += b"rest * of\r\n* OK\r\n"
    assert half.cut() == Cut(b"rest * of\r\n", Piece.DATA, complete=False)
    assert half.cut() == Cut(b"* OK\r\n", Piece.LINE)
