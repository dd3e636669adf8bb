from __future__ import annotations

import pytest

from desktopmail.mime import section, structure
from desktopmail.mime.defect import Defect
from desktopmail.mime.section import Section

# The shape of RFC 9051 section 6.4.5's example, part by part.
MESSAGE = (
    b"Subject: outer\r\nFrom: a@b.test\r\nContent-Type: multipart/mixed; boundary=A\r\n\r\n"
    b"preamble\r\n"
    b"--A\r\n\r\none\r\n"
    b"--A\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: "
    b"base64\r\n\r\naGk=\r\n"
    b"--A\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: three\r\nTo: x@y.test\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    b"--B\r\nContent-Type: text/plain\r\n\r\n3.1\r\n--B\r\n\r\n3.2\r\n--B--\r\n"
    b"--A\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n"
    b"--C\r\nContent-Type: image/gif\r\n\r\n4.1\r\n"
    b"--C\r\nContent-Type: message/rfc822\r\n\r\n"
    b"Subject: four\r\nContent-Type: multipart/mixed; boundary=D\r\n\r\n"
    b"--D\r\nContent-Type: text/plain\r\n\r\n4.2.1\r\n--D\r\n"
    b"Content-Type: multipart/alternative; boundary=E\r\n\r\n"
    b"--E\r\n\r\n4.2.2.1\r\n--E\r\nContent-Type: text/richtext\r\n\r\n4.2.2.2\r\n--E--\r\n--D--\r\n"
    b"--C--\r\n--A--\r\n"
)
ROOT = structure.parse(MESSAGE)


def octets_of(spec: str) -> bytes | None:
    parsed = Section.parse(spec)
    assert parsed is not None
    return section.octets_of(ROOT, parsed)


@pytest.mark.parametrize(
    ("spec", "octets"),
    [
        ("1", b"one"),
        ("2", b"aGk="),
        (
            "2.MIME",
            b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        ),
        (
            "3.HEADER",
            b"Subject: three\r\nTo: x@y.test\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n",
        ),
        ("3.HEADER.FIELDS (SUBJECT)", b"Subject: three\r\n\r\n"),
        ("3.HEADER.FIELDS.NOT (to content-type)", b"Subject: three\r\n\r\n"),
        ("3.1", b"3.1"),
        ("3.1.MIME", b"Content-Type: text/plain\r\n\r\n"),
        ("3.2.mime", b"\r\n"),
        ("3.2", b"3.2"),
        ("4.1", b"4.1"),
        ("4.1.MIME", b"Content-Type: image/gif\r\n\r\n"),
        ("4.2.HEADER", b"Subject: four\r\nContent-Type: multipart/mixed; boundary=D\r\n\r\n"),
        ("4.2.1", b"4.2.1"),
        ("4.2.2.1", b"4.2.2.1"),
        ("4.2.2.2", b"4.2.2.2"),
        ("HEADER.FIELDS (from x-none)", b"From: a@b.test\r\n\r\n"),
        ("HEADER.FIELDS (x-none)", b"\r\n"),
    ],
)
def test_the_sections_of_rfc_9051_section_6_4_5(spec: str, octets: bytes) -> None:
    assert octets_of(spec) == octets


def test_header_and_text_are_the_message() -> None:
    header, text = octets_of("HEADER"), octets_of("TEXT")
    assert header is not None
    assert text is not None
    assert header + text == octets_of("") == MESSAGE
    assert text.startswith(b"preamble")


def test_the_header_and_the_text_of_an_enclosed_message_are_its_part() -> None:
    assert (octets_of("3.HEADER") or b"") + (octets_of("3.TEXT") or b"") == octets_of("3")


@pytest.mark.parametrize(
    "spec", ["5", "1.1", "1.HEADER", "2.TEXT", "3.3", "4.HEADER", "4.2.2.3", "3.1.1"]
)
def test_a_section_that_is_not_there_is_none(spec: str) -> None:
    assert octets_of(spec) is None


def test_a_message_that_is_no_multipart_has_one_part() -> None:
    root = structure.parse(b"Subject: x\r\n\r\nbody")
    assert section.octets_of(root, Section((1,))) == b"body"
    assert section.octets_of(root, Section((1,), "MIME")) == b"Subject: x\r\n\r\n"
    assert section.octets_of(root, Section((2,))) is None
    assert section.octets_of(root, Section((1, 1))) is None


def test_a_message_that_is_one_enclosed_message_counts_on_inside() -> None:
    root = structure.parse(b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody")
    assert section.octets_of(root, Section((1,), "HEADER")) == b"Subject: in\r\n\r\n"
    assert section.octets_of(root, Section((1, 1))) == b"body"


@pytest.mark.parametrize(
    "spec",
    [
        "0",
        "1.",
        ".1",
        "1..2",
        "MIME",
        "HEADER.FIELDS",
        "HEADER.FIELDS ()",
        "HEADER (a)",
        "x",
        "1 2",
        "01",
    ],
)
def test_what_is_no_section_is_refused(spec: str) -> None:
    assert Section.parse(spec) is None


def test_binary_is_decoded_and_says_when_it_cannot_be() -> None:
    decoded = section.binary_of(ROOT, (2,))
    assert decoded is not None
    assert (decoded.octets, decoded.defect) == (b"hi", None)
    assert section.binary_of(ROOT, (9,)) is None
    odd = structure.parse(b"Content-Transfer-Encoding: x-klingon\r\n\r\nq")
    undone = section.binary_of(odd, (1,))
    assert undone is not None
    assert undone.defect is Defect.UNKNOWN_ENCODING


def test_a_header_without_an_empty_line_gets_one_for_its_fields_only() -> None:
    root = structure.parse(b"Subject: x\r\nTo: a@b")
    assert section.fields_of(root, ["to"]) == b"To: a@b\r\n\r\n"
    assert section.octets_of(root, Section((), "HEADER")) == b"Subject: x\r\nTo: a@b"
