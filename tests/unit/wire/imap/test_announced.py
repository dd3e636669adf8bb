"""Literals that are announced."""

from __future__ import annotations

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
