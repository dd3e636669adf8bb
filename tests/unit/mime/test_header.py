from __future__ import annotations

import email
import email.policy
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime import header
from desktopmail.mime.defect import Defect
from desktopmail.mime.header import Header

# RFC 5322 appendix A.1.1, and its folding from section 2.2.3.
SIMPLE = (
    b"From: John Doe <jdoe@machine.example>\r\nTo: Mary Smith <mary@example.net>\r\n"
    b"Subject: Saying Hello\r\n\r\nThis is a message just to say hello.\r\n"
)


def test_fields_keep_their_order_names_octets_and_offsets() -> None:
    parsed = Header.parse(SIMPLE)
    assert [field.name for field in parsed.fields] == ["From", "To", "Subject"]
    assert parsed.fields[1].raw == b"Mary Smith <mary@example.net>"
    assert b"".join(SIMPLE[f.begin : f.end] for f in parsed.fields) == parsed.block
    assert SIMPLE[parsed.body :] == b"This is a message just to say hello.\r\n"
    assert parsed.defects == ()


# Pieces of headers, sound and not, with each kind of line end.
_PIECES = [
    b"From: a@x", b"From a@x Mon Feb  7 1994", b">From : x", b"X : y", b" folded", b"\tfolded",
    b"junk", b"\xff: x", b": x", b"", b" ", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b"\n\r\n",
    b"body",
]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map(b"".join))
def test_the_size_of_a_header_is_where_it_is_cut(octets: bytes) -> None:
    assert Header.size(octets) == Header.parse(octets).body


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("fields", [1, 400])
def test_the_size_of_a_header_is_known_however_long_it_is(fields: int, end: bytes) -> None:
    head = (b"X-Field: of a header" + end) * fields + end
    assert Header.size(head + b"body" + end + end) == len(head)


def test_a_name_is_found_in_any_case() -> None:
    parsed = Header.parse(SIMPLE)
    assert parsed.value("SUBJECT") == "Saying Hello"
    assert "from" in parsed
    assert "x-nothing" not in parsed
    assert parsed.value("x-nothing") is None
    assert parsed.values("x-nothing") == []


def test_folding_is_undone_as_rfc_5322_section_2_2_3_says() -> None:
    folded = b"Subject: This\r\n is a test\r\nX: a\r\n\t b\n\tc\r\n\r\n"
    assert Header.parse(folded).value("subject") == "This is a test"
    assert Header.parse(folded).value("x") == "a\t b\tc"


def test_white_space_before_the_colon_is_obsolete_and_understood() -> None:
    octets = b"From  : John Doe <jdoe@machine(comment).  example>\r\n\r\n"
    assert Header.parse(octets).value("from") == "John Doe <jdoe@machine(comment).  example>"


def test_the_first_of_two_fields_is_the_value_and_all_are_values() -> None:
    octets = b"Received: one\r\nReceived: two\r\n\r\n"
    assert Header.parse(octets).value("received") == "one"
    assert Header.parse(octets).values("received") == ["one", "two"]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_both_line_ends_end_a_line(end: bytes) -> None:
    parsed = Header.parse(SIMPLE.replace(b"\r\n", end))
    assert len(parsed.fields) == 3
    assert parsed.value("to") == "Mary Smith <mary@example.net>"


def test_an_envelope_line_of_a_mailbox_file_is_stepped_over() -> None:
    parsed = Header.parse(b"From jdoe@machine.example Mon Nov 23 08:00:00 2026\n" + SIMPLE)
    assert parsed.value("from") == "John Doe <jdoe@machine.example>"
    assert len(parsed.fields) == 3


def test_a_line_without_a_colon_is_skipped_when_fields_follow() -> None:
    parsed = Header.parse(b"From: a@b\r\nthis is no field\r\nTo: c@d\r\n\r\nbody")
    assert parsed.value("to") == "c@d"
    assert parsed.defects == (Defect.LINE_WITHOUT_COLON,)


def test_the_body_begins_at_a_line_that_is_no_field_when_none_follows() -> None:
    octets = b"From: a@b\r\nDear all,\r\nno empty line above.\r\n\r\nMore."
    parsed = Header.parse(octets)
    assert octets[parsed.body :].startswith(b"Dear all,")
    assert parsed.defects == (Defect.NO_BLANK_LINE,)


def test_a_text_without_any_header_is_all_body() -> None:
    parsed = Header.parse(b"Just some words\r\n\r\nand more")
    assert parsed.fields == ()
    assert parsed.body == 0
    assert Defect.NO_HEADER in parsed.defects


def test_a_header_alone_is_a_header() -> None:
    parsed = Header.parse(b"Subject: x\r\nTo: a@b")
    assert parsed.value("to") == "a@b"
    assert parsed.defects == (Defect.NO_BLANK_LINE,)


def test_an_empty_message_has_an_empty_header() -> None:
    assert Header.parse(b"").fields == ()
    assert Header.parse(b"\r\nbody").body == 2


def test_eight_bit_values_are_utf_8_and_else_windows_1252() -> None:
    assert Header.parse("Subject: Grüße\r\n\r\n".encode()).value("subject") == "Grüße"
    assert Header.parse("Subject: Grüße\r\n\r\n".encode("cp1252")).text("subject") == "Grüße"


def test_the_digest_is_the_same_however_the_header_was_fetched() -> None:
    block = SIMPLE.partition(b"\r\n\r\n")[0]
    expected = hashlib.sha256(block + b"\r\n").hexdigest()
    for fetched in (
        SIMPLE,  # the whole message
        block + b"\r\n\r\n",  # BODY[HEADER]
        block + b"\r\n",  # TOP of a server that leaves the empty line out
        block,
        SIMPLE.replace(b"\r\n", b"\n"),
        block.replace(b"\r\n", b"\n") + b"\n\nbody",
    ):
        assert header.digest_of(fetched) == expected
        assert Header.parse(fetched).digest == expected
    assert header.digest_of(SIMPLE.replace(b"Hello", b"hello")) != expected


def test_a_long_text_is_folded_before_column_79_and_read_again_the_same() -> None:
    text = "Über die Brücke gehen wir alle zusammen, " * 5 + "und ein Wort" + "x" * 90 + " Ende"
    line = header.unstructured("Subject", text)
    assert all(len(part) <= 78 or b"xxx" in part for part in line.split(b"\r\n"))
    assert Header.parse(line + b"\r\n").text("subject") == text
    by_email = email.message_from_bytes(line + b"\r\n", policy=email.policy.default)
    assert by_email["subject"] == text


def test_nothing_can_be_injected_into_a_field() -> None:
    for text in ("a\r\nBcc: x@y", "a\nBcc: x@y", "a\rBcc: x@y", "a\x00b", "a\u2028Bcc: x", "\x85x"):
        parsed = Header.parse(header.unstructured("Subject", text) + b"\r\n")
        assert [field.name for field in parsed.fields] == ["Subject"]
    with pytest.raises(ValueError, match="not the name"):
        header.unstructured("Subject: x\r\nBcc", "y")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200))
def test_every_text_survives_writing_and_reading(text: str) -> None:
    meant = text.strip()
    line = header.unstructured("Subject", text)
    assert line.isascii()
    assert (Header.parse(line + b"\r\n").text("subject") or "").strip() == meant.strip(
        "\ufeff "
    ) or ("\ufeff" in meant)


@given(st.binary(max_size=400))
def test_no_octets_make_it_raise(octets: bytes) -> None:
    parsed = Header.parse(octets)
    assert parsed.begin <= parsed.end <= len(octets)
    for field in parsed.fields:
        assert field.text.isprintable() or field.text
        parsed.text(field.name)


@pytest.mark.parametrize(
    ("octets", "end"),
    [
        (b"A: b\r\n\r\nc", 8),
        (b"A: b\n\nc\r\n\r\n", 6),
        (b"\r\nbody", 2),
        (b"A: b\r\n", 6),
        (b"", 0),
    ],
)
def test_the_header_ends_behind_its_empty_line(octets: bytes, end: int) -> None:
    assert header.header_end(octets) == end
