"""FETCH and its answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.client import LiteralBegins, Untagged
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.cutter import LiteralEnds
from desktopmail.wire.imap.fetch import (
    MACROS,
    QUICK,
    Announced,
    BinaryData,
    BinaryItem,
    BinarySize,
    BinarySizeItem,
    BodyItem,
    Fetch,
    FetchResponse,
    Item,
    PreviewItem,
    SectionData,
    announced,
    plain_fetch_octets,
)
from desktopmail.wire.imap.section import HEADER, WHOLE, Section, SectionText
from desktopmail.wire.imap.sequence import Seq, SeqSet, Uid, UidSet
from tests.helpers.imap import (
    answered,
    client_events,
    command_both_ways,
    cuts,
    encoded,
    malformed,
    new_client,
    poured,
    read_command,
    read_response,
    refused_command,
    response_both_ways,
)

DATE = Section((), SectionText.HEADER_FIELDS, (b"DATE", b"FROM"))


def test_the_command_of_rfc_9051_section_6_4_5() -> None:
    command_both_ways(
        b"FETCH 2:4 (FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
        Fetch(SeqSet.parse(b"2:4"), (Item.FLAGS, BodyItem(DATE, peek=False))),
    )


def test_the_command_of_rfc_7162_section_3_2_6() -> None:
    command_both_ways(
        b"UID FETCH 300:500 (FLAGS) (CHANGEDSINCE 12345 VANISHED)",
        Fetch(UidSet.parse(b"300:500"), (Item.FLAGS,), 12345, vanished=True),
    )


def test_every_item_both_ways() -> None:
    command_both_ways(
        b"UID FETCH 1:* (UID FLAGS MODSEQ INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY "
        b"EMAILID THREADID SAVEDATE RFC822 RFC822.HEADER RFC822.TEXT BINARY.PEEK[1] "
        b"BINARY.SIZE[1.2] PREVIEW PREVIEW (LAZY))",
        Fetch(
            UidSet.all(),
            (
                *Item,
                BinaryItem((1,)),
                BinarySizeItem((1, 2)),
                PreviewItem(),
                PreviewItem(lazy=True),
            ),
        ),
    )


@pytest.mark.parametrize("macro", [b"ALL", b"FULL", b"FAST"])
def test_a_macro_stands_for_its_items(macro: bytes) -> None:
    assert read_command(b"FETCH 1 " + macro) == Fetch(SeqSet.parse(b"1"), MACROS[macro])
    refused_command(b"FETCH 1 (" + macro + b")")


@pytest.mark.parametrize(
    "octets",
    [
        b"FETCH 1",
        b"FETCH 1 ()",
        b"FETCH 0 FLAGS",
        b"FETCH 1  FLAGS",
        b"FETCH 1 (FLAGS UID",
        b"FETCH 1 FOO",
        b"FETCH 1 (FLAGS) (VANISHED)",
        b"UID FETCH 1 (FLAGS) (VANISHED)",
        b"FETCH 1 (FLAGS) (CHANGEDSINCE 1 VANISHED)",
        b"FETCH 1 (FLAGS) ()",
        b"FETCH 1 (FLAGS) (CHANGEDSINCE x)",
        b"FETCH 1 FLAGS UID",
        b"FETCH 1 FLAGS ",
    ],
)
def test_what_is_no_fetch_is_refused(octets: bytes) -> None:
    assert refused_command(octets).tag == "a1"


def test_a_fetch_of_nothing_is_our_fault() -> None:
    for command in (
        Fetch(UidSet.all(), ()),
        Fetch(SeqSet.all(), (Item.UID,), 5, vanished=True),
        Fetch(UidSet.all(), (Item.UID,), vanished=True),
        Fetch(UidSet(), (Item.UID,)),
    ):
        with pytest.raises(LocalProtocolError):
            encoded(command)


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        # RFC 9051 section 6.4.6, 7.5.2; RFC 7162 section 3.1.4; RFC 8474; RFC 8514; RFC 8970.
        (
            b"2 FETCH (FLAGS (\\Deleted \\Seen))",
            FetchResponse(Seq(2), flags=frozenset({flags.DELETED, flags.SEEN})),
        ),
        (b"23 FETCH (UID 4827313 FLAGS ())", FetchResponse(Seq(23), Uid(4827313), frozenset())),
        (
            b"1 FETCH (UID 4 FLAGS (\\Seen) MODSEQ (65402))",
            FetchResponse(Seq(1), Uid(4), frozenset({flags.SEEN}), 65402),
        ),
        (b"1 FETCH (RFC822.SIZE 44827)", FetchResponse(Seq(1), size=44827)),
        (
            b'3 FETCH (INTERNALDATE "17-Jul-1996 02:44:25 -0700")',
            FetchResponse(Seq(3), internal_date=datetime(1996, 7, 17, 9, 44, 25, tzinfo=UTC)),
        ),
        (
            b"3 FETCH (EMAILID (M6d99ac3275bb4e) THREADID (T64b478a75b7ea9))",
            FetchResponse(Seq(3), email_id="M6d99ac3275bb4e", thread_id="T64b478a75b7ea9"),
        ),
        (b"4 FETCH (THREADID NIL)", FetchResponse(Seq(4), thread_id="")),
        (b"5 FETCH (SAVEDATE NIL)", FetchResponse(Seq(5), save_date=False)),
        (
            b'1 FETCH (PREVIEW "Have a good vacation")',
            FetchResponse(Seq(1), preview=b"Have a good vacation"),
        ),
        (
            b"2 FETCH (BINARY.SIZE[1.2] 9)",
            FetchResponse(Seq(2), binary_sizes=(BinarySize((1, 2), 9),)),
        ),
        (
            b"2 FETCH (BINARY[1]<0> ~{3}\r\na\0b)",
            FetchResponse(Seq(2), binary=(BinaryData((1,), b"a\0b", 0),)),
        ),
        (
            b"2 FETCH (UID 7 BODY[] {5}\r\n(\r\n) BODY[HEADER]<3> NIL)",
            FetchResponse(
                Seq(2),
                Uid(7),
                sections=(SectionData(WHOLE, b"(\r\n) "[:5]), SectionData(HEADER, None, 3)),
            ),
        ),
        (
            b'2 FETCH (UID 7 X-GM-MSGID 12 X-GM-LABELS (a "b c"))',
            FetchResponse(
                Seq(2), Uid(7), others=((b"X-GM-MSGID", b"12"), (b"X-GM-LABELS", b'(a "b c")'))
            ),
        ),
    ],
)
def test_answers_of_the_rfcs_are_read(octets: bytes, answer: FetchResponse) -> None:
    if b"(\r\n) BODY" in octets:
        octets = octets.replace(b"(\r\n) BODY", b"(\r\n)) BODY")
        answer = answer._replace(
            sections=(SectionData(WHOLE, b"(\r\n))"), SectionData(HEADER, None, 3))
        )
    assert read_response(octets) == answer
    assert read_response(answered(answer)) == answer


def test_contents_are_always_literals() -> None:
    response_both_ways(
        b"2 FETCH (UID 7 BODY[] {2}\r\nab)",
        FetchResponse(Seq(2), Uid(7), sections=(SectionData(WHOLE, b"ab"),)),
    )


def test_quoted_and_absent_contents_are_read_too() -> None:
    answer = read_response(b'2 FETCH (BODY[TEXT] "a b" RFC822.HEADER {0}\r\n)')
    assert isinstance(answer, FetchResponse)
    assert [data.octets for data in answer.sections] == [b"a b", b""]
    assert answer.section(HEADER) == b""
    assert answer.section(WHOLE) is None


plain = st.tuples(
    st.integers(1, 0xFFFFFFFF),
    st.none() | st.integers(1, 0xFFFFFFFF),
    st.none() | st.frozensets(st.sampled_from([flags.SEEN, flags.DRAFT, flags.FORWARDED])),
    st.none() | st.integers(1, (1 << 63) - 1),
    st.none() | st.integers(0, (1 << 63) - 1),
).map(lambda drawn: FetchResponse(*drawn))


@given(plain)
def test_the_quick_ways_and_the_slow_ones_agree(answer: FetchResponse) -> None:
    octets = plain_fetch_octets(answer)
    assert octets == b"* " + answered(answer) + b"\r\n"
    slow = octets.replace(b"* ", b"*  ", 1)
    (quickly,), (slowly,) = (client_events(new_client(), [line]) for line in (octets, slow))
    assert quickly == slowly == Untagged(answer)


@pytest.mark.parametrize(
    "items",
    [
        b"UID 7 FLAGS (\\Seen) MODSEQ (3)",
        b"MODSEQ (3) UID 7 FLAGS (\\Seen)",
        b"FLAGS (\\Seen) MODSEQ (3) UID 7",
    ],
)
def test_the_order_of_items_makes_no_difference(items: bytes) -> None:
    assert QUICK.match(b"* 1 FETCH (" + items + b")\r\n")
    expected = FetchResponse(Seq(1), Uid(7), frozenset({flags.SEEN}), 3)
    assert read_response(b"1 FETCH (" + items + b")") == expected


@pytest.mark.parametrize(
    "octets",
    [
        b"0 FETCH (UID 1)",
        b"1 FETCH (UID 0)",
        b"1 FETCH",
        b"1 FETCH ()x",
        b"1 FETCH (UID 1",
        b"1 FETCH UID 1",
        b"1 FETCH (UID 1 FLAGS)",
        b"1 FETCH (FLAGS (a",
        b"1 FETCH (UID x)",
        b"4294967296 FETCH (UID 1)",
        b"1 FETCH (MODSEQ 5)",
        b"1 FETCH (BODY[ {1}\r\na)",
        b"1 FETCH (UID 99999999999)",
    ],
)
def test_an_answer_that_cannot_be_read_is_malformed_and_the_next_is_not(octets: bytes) -> None:
    assert malformed(octets)


# ---- large literals

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


def test_what_was_streamed_cannot_be_sent_again() -> None:
    answer = FetchResponse(Seq(1), sections=(SectionData(WHOLE, Streamed(5)),))
    with pytest.raises(LocalProtocolError):
        answered(answer)


def test_a_uid_in_a_text_is_not_the_uid_of_the_message() -> None:
    first = b'* 3 FETCH (ENVELOPE ("x UID 5 " NIL) BODY[] {100000}\r\n'
    assert announced(first, first) == Announced(Seq(3), None, b"BODY[]", None)
    begun = b"* 3 FETCH (BODY[HEADER] {9}\r\n"
    assert announced(begun, b" BODY[TEXT] {100000}\r\n") == Announced(
        Seq(3), None, b"BODY[TEXT]", None
    )
    assert announced(b"* LIST () {5}\r\n", b"* LIST () {5}\r\n") is None
