"""Sections of messages."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.cursor import Cursor
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import BinaryItem, BodyItem
from desktopmail.wire.imap.section import (
    HEADER,
    TEXT,
    WHOLE,
    Partial,
    Section,
    SectionText,
    decode_origin,
    encode_partial,
    encode_section,
)
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.writer import octets_of
from tests.helpers.imap import command_both_ways, malformed, read_command, refused_command

ONE = UidSet.parse(b"1")


@pytest.mark.parametrize(
    ("octets", "section"),
    [
        # RFC 9051 section 6.4.5.1.
        (b"[]", WHOLE),
        (b"[HEADER]", HEADER),
        (b"[TEXT]", TEXT),
        (b"[1]", Section((1,))),
        (b"[4.2.2.1]", Section((4, 2, 2, 1))),
        (b"[3.HEADER]", Section((3,), SectionText.HEADER)),
        (b"[4.1.MIME]", Section((4, 1), SectionText.MIME)),
        (b"[4.2.TEXT]", Section((4, 2), SectionText.TEXT)),
        (
            b"[HEADER.FIELDS (Subject To)]",
            Section((), SectionText.HEADER_FIELDS, (b"Subject", b"To")),
        ),
        (
            b'[1.HEADER.FIELDS.NOT ("X Y")]',
            Section((1,), SectionText.HEADER_FIELDS_NOT, (b"X Y",)),
        ),
    ],
)
def test_sections_of_the_rfc_both_ways(octets: bytes, section: Section) -> None:
    command_both_ways(
        b"UID FETCH 1 (BODY" + octets + b")", Fetch(ONE, (BodyItem(section, peek=False),))
    )


def test_names_of_fields_are_the_same_in_any_case_and_order() -> None:
    one = Section((), SectionText.HEADER_FIELDS, (b"To", b"From"))
    assert one.is_same(Section((), SectionText.HEADER_FIELDS, (b"FROM", b"TO")))
    assert not one.is_same(Section((1,), SectionText.HEADER_FIELDS, (b"FROM", b"TO")))
    assert not one.is_same(Section((), SectionText.HEADER_FIELDS, (b"FROM",)))
    assert TEXT.is_same(TEXT)
    assert not TEXT.is_same(WHOLE)


def test_a_section_in_lower_case_is_the_same() -> None:
    expected = Fetch(ONE, (BodyItem(Section((1,), SectionText.HEADER)),))
    assert read_command(b"UID FETCH 1 body.peek[1.header]") == expected


def test_a_range_of_octets_both_ways() -> None:
    command_both_ways(
        b"UID FETCH 1 (BODY.PEEK[]<0.2048> BINARY[1]<5.1>)",
        Fetch(
            ONE, (BodyItem(WHOLE, Partial(0, 2048)), BinaryItem((1,), Partial(5, 1), peek=False))
        ),
    )


@pytest.mark.parametrize(
    "octets",
    [
        b"[0]",
        b"[1.]",
        b"[.1]",
        b"[1..2]",
        b"[MIME]",
        b"[HEADER",
        b"[HEADER.FIELDS]",
        b"[HEADER.FIELDS ()]",
        b"[FOO]",
        b"[1 ]",
        b"[]<0>",
        b"[]<0.0>",
        b"[]<-1.5>",
        b"[]<0.9223372036854775808>",
        b"[01]",
        b"[1.HEADERS]",
        b"[" + b"1." * 200 + b"1]",
    ],
)
def test_what_is_no_section_is_refused(octets: bytes) -> None:
    assert refused_command(b"UID FETCH 1 BODY" + octets).tag == "a1"


def test_binary_takes_numbers_only() -> None:
    refused_command(b"UID FETCH 1 BINARY[1.MIME]")
    refused_command(b"UID FETCH 1 BINARY[HEADER]")


@pytest.mark.parametrize(
    "section",
    [
        Section((), SectionText.MIME),
        Section((1,), SectionText.HEADER_FIELDS),
        Section((1,), None, (b"To",)),
        Section((), SectionText.HEADER_FIELDS, (b"a\r\nb",)),
    ],
)
def test_what_cannot_be_written_is_our_fault(section: Section) -> None:
    from tests.helpers.imap import encoded

    with pytest.raises(LocalProtocolError):
        encoded(Fetch(ONE, (BodyItem(section),)))


def test_a_range_of_nothing_cannot_be_asked_for() -> None:
    for partial in (Partial(0, 0), Partial(-1, 5)):
        with pytest.raises(LocalProtocolError):
            octets_of(lambda writer, p=partial: encode_partial(writer, p))


def test_the_origin_of_an_answer_is_read() -> None:
    assert decode_origin(Cursor(b"<17> x")) == 17
    assert decode_origin(Cursor(b" x")) is None
    assert octets_of(lambda writer: encode_section(writer, TEXT)) == b"[TEXT]"


@pytest.mark.parametrize("digits", [11, 20, 5000])
def test_a_number_of_any_length_is_the_peers_fault(digits: int) -> None:
    # int() itself raises for more than 4,300 digits.
    octets = b"BODY[" + b"1" * digits + b"]"
    refused_command(b"FETCH 1 " + octets)
    malformed(b"1 FETCH (" + octets + b" NIL)")


def test_a_part_may_have_ten_digits() -> None:
    command_both_ways(
        b"UID FETCH 1 (BODY.PEEK[1.4294967295.2])",
        Fetch(UidSet.span(1, 1), (BodyItem(Section((1, 4294967295, 2))),)),
    )
