from __future__ import annotations

import base64
import binascii
import quopri
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import transfer
from desktopmail.mime.defect import Defect


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "7bit"), ("BASE64", "base64"), (" base64 ", "base64"), ("base64;", "base64"),
        ("Quoted-Printable", "quoted-printable"), ("quoted-printable (x)", "quoted-printable"),
        ("8-bit", "8bit"), ("7bits", "7bit"), ('"base64"', "base64"), ("x-uuencode", "uuencode"),
        ("", ""), ("klingon", "klingon"), ("binary", "binary"),
    ],
)  # fmt: skip
def test_names_are_read_as_real_mail_spells_them(value: str | None, name: str) -> None:
    assert transfer.encoding_name(value) == name


@pytest.mark.parametrize(
    ("encoded", "octets", "is_bad"),
    [
        (b"SGVsbG8=", b"Hello", False),
        (b"SGVs\r\nbG8=\r\n", b"Hello", False),
        (b"SGVsbG8", b"Hello", True),  # no padding
        (b"SGVsbG8=U29u", b"HelloSon", True),  # goes on behind the padding
        (b"SGVs!!bG8=", b"Hello", False),  # RFC 2045: what is no digit is ignored
        (b"SGVsbG8=\r\n-- \r\nsent by a list\r\n", b"Hello", False),
        (b"SGVsbG8= ignored\r\n", b"Hello", False),
        (b"S", b"", True),
        (b"", b"", False),
    ],
)
def test_base64_is_undone_leniently(encoded: bytes, octets: bytes, is_bad: bool) -> None:
    undone = transfer.undo(encoded, "base64")
    assert undone.octets == octets
    assert undone.defect == (Defect.BAD_BASE64 if is_bad else None)


@pytest.mark.parametrize(
    ("encoded", "octets", "is_bad"),
    [
        # RFC 2045 section 6.7: soft breaks, trailing white space.
        (b"Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.",
         b"Now's the time for all folk to come to the aid of their country.", False),
        (b"a=20\r\nb", b"a \r\nb", False),
        (b"a  \r\nb\t\r\n", b"a\r\nb\r\n", False),
        (b"a= \r\nb", b"ab", False),
        (b"=e4=E4", b"\xe4\xe4", False),
        (b"1=2, a=zz", b"1=2, a=zz", True),
        (b"ends with =", b"ends with ", False),
        (b"", b"", False),
    ],
)  # fmt: skip
def test_quoted_printable_is_undone_leniently(encoded: bytes, octets: bytes, is_bad: bool) -> None:
    undone = transfer.undo(encoded, "quoted-printable")
    assert undone.octets == octets
    assert undone.defect == (Defect.BAD_QUOTED_PRINTABLE if is_bad else None)


def test_uuencode_is_what_stands_between_begin_and_end() -> None:
    line = binascii.b2a_uu(b"Cat")
    good = b"Hello,\n\nbegin 644 cat.txt\n" + line + b"`\nend\nbye\n"
    assert transfer.undo(good, "uuencode") == transfer.Undone(b"Cat")
    assert transfer.undo(b"no begin", "uuencode").defect is Defect.BAD_UUENCODE
    cut = transfer.undo(b"begin 644 x\n" + line, "uuencode")
    assert (cut.octets, cut.defect) == (b"Cat", Defect.BAD_UUENCODE)


def test_an_unknown_encoding_leaves_the_octets_and_says_so() -> None:
    assert transfer.undo(b"x", "klingon") == transfer.Undone(b"x", Defect.UNKNOWN_ENCODING)
    assert transfer.undo(b"x\x00", "binary") == transfer.Undone(b"x\x00")


@given(st.binary(max_size=500))
def test_what_the_standard_library_encodes_comes_back(octets: bytes) -> None:
    assert transfer.undo(base64.encodebytes(octets), "base64").octets == octets
    text = octets.replace(b"\r", b"")  # its encoder keeps CR only sometimes
    assert transfer.undo(quopri.encodestring(text), "quoted-printable").octets == text


@given(st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "uuencode", "x"]))
def test_no_octets_make_it_raise(octets: bytes, encoding: str) -> None:
    assert isinstance(transfer.undo(octets, encoding).octets, bytes)


@pytest.mark.parametrize(
    "octets", [b"=" * 200_000, b"= " * 100_000, b" " * 200_000, b"\t \n" * 60_000, b"=\r" * 100_000]
)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "uuencode"])
def test_hostile_octets_take_no_time(octets: bytes, encoding: str) -> None:
    begin = time.process_time()
    transfer.undo(octets, encoding)
    assert time.process_time() - begin < 0.3
