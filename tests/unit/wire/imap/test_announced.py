"""Literals that are announced."""

from __future__ import annotations

import time

import pytest

from desktopmail.wire.imap.announced import Announced, announced
from desktopmail.wire.imap.client_events import LiteralBegins, Untagged
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.cutter import LiteralEnds
from desktopmail.wire.imap.fetch_response import (
    FetchResponse,
    SectionData,
)
from desktopmail.wire.imap.section import Section, SectionText
from desktopmail.wire.imap.sequence import Seq, Uid
from tests.helpers.imap import (
    client_events,
    cuts,
    new_client,
    poured,
)

LARGE = (
    b"* 3 FETCH (FLAGS () UID 9 BODY[1]<5> {300}\r\n" + b"x" * 300 + b" BODY[TEXT] {2}\r\nab)\r\n"
)


def test_a_large_literal_is_streamed_and_a_small_one_kept_however_it_arrives() -> None:
    for pieces in cuts(LARGE):
        events = client_events(new_client(stream_over_octets=100), pieces)
        assert events[0] == LiteralBegins(Announced(Seq(3), Uid(9), b"BODY[1]<5>", 5), 300)
        assert poured(events) == b"x" * 300
        assert events[-2] == LiteralEnds()
        told = events[-1]
        assert isinstance(told, Untagged)
        assert isinstance(told.value, FetchResponse)
        assert told.value.sections == (
            SectionData(Section((1,)), Streamed(300), 5),
            SectionData(Section((), SectionText.TEXT), b"ab"),
        )


def test_a_uid_in_a_text_is_not_the_uid_of_the_message() -> None:
    first = b'* 3 FETCH (ENVELOPE ("x UID 5 " NIL) BODY[] {100000}\r\n'
    assert announced(first, first) == Announced(Seq(3), None, b"BODY[]", None)
    begun = b"* 3 FETCH (BODY[HEADER] {9}\r\n"
    assert announced(begun, b" BODY[TEXT] {100000}\r\n") == Announced(
        Seq(3), None, b"BODY[TEXT]", None
    )
    assert announced(b"* LIST () {5}\r\n", b"* LIST () {5}\r\n") is None


@pytest.mark.parametrize("filler", [b"A", b"A[", b" A[", b" A<1", b"A.", b" ", b"(", b"{1} "])
def test_a_subject_of_any_length_before_a_large_literal_costs_little(filler: bytes) -> None:
    # Before, a subject of 64 KB in front of a large message took two minutes.
    begun = b'* 3 FETCH (ENVELOPE (NIL "' + filler * 100_000 + b']!" NIL) BODY[] {300000}\r\n'
    begin = time.process_time()
    assert announced(begun, begun) == Announced(Seq(3), None, b"BODY[]", None)
    assert time.process_time() - begin < 1


def test_an_item_with_names_of_fields_is_told_whole() -> None:
    line = b'* 3 FETCH (UID 5 BODY[HEADER.FIELDS (To "X Y")]<7> ~{300000}\r\n'
    item = b'BODY[HEADER.FIELDS (TO "X Y")]<7>'
    assert announced(line, line) == Announced(Seq(3), Uid(5), item, 7)


def test_an_origin_of_no_size_announces_nothing() -> None:
    line = b"* 3 FETCH (BODY[]<" + b"1" * 5000 + b"> {300000}\r\n"
    assert announced(line, line) is None
