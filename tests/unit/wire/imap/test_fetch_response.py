"""Answers to FETCH."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.client_events import Malformed, Untagged
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.cutter import Cutter
from desktopmail.wire.imap.fetch_response import (
    QUICK,
    QUICK_CONTENT,
    QUICK_END,
    BinaryData,
    BinarySize,
    FetchResponse,
    SectionData,
    plain_fetch_octets,
)
from desktopmail.wire.imap.limits import CLIENT
from desktopmail.wire.imap.section import HEADER, WHOLE
from desktopmail.wire.imap.sequence import Seq, Uid
from tests.helpers.imap import (
    answered,
    client_events,
    malformed,
    new_client,
    read_response,
    response_both_ways,
)


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


def test_what_was_streamed_cannot_be_sent_again() -> None:
    answer = FetchResponse(Seq(1), sections=(SectionData(WHOLE, Streamed(5)),))
    with pytest.raises(LocalProtocolError):
        answered(answer)


CONTENT = b"Subject: x\r\n\r\nhello)\r\n"
BEFORE = (
    b'UID 3 FLAGS (\\Seen x) INTERNALDATE " 1-Jan-2026 10:00:00 +0000" RFC822.SIZE 9 MODSEQ (4) '
)


@pytest.mark.parametrize("section", [b"", b"HEADER"])
@pytest.mark.parametrize("before", [b"", b"UID 3 ", BEFORE])
def test_a_message_is_the_same_answer_however_it_arrives(before: bytes, section: bytes) -> None:
    line = b"* 1 FETCH (%bBODY[%b] {%d}\r\n%b)\r\n" % (before, section, len(CONTENT), CONTENT)
    (whole,) = client_events(new_client(), [line])
    assert isinstance(whole, Untagged)
    assert isinstance(whole.value, FetchResponse)
    assert whole.value.section(HEADER if section else WHOLE) == CONTENT
    slow = line.replace(b" FETCH ", b" fetch ")
    assert client_events(new_client(), [slow]) == [whole]
    for at in range(1, len(line)):
        assert client_events(new_client(), [line[:at], line[at:]]) == [whole]


def test_a_message_with_a_date_that_no_calendar_has_is_malformed_as_ever() -> None:
    line = b"* 1 FETCH (INTERNALDATE %b BODY[] {1}\r\nx)\r\n" % b'"31-Feb-2026 10:00:00 +0000"'
    (quickly,), (slowly,) = (
        client_events(new_client(), [one]) for one in (line, line.replace(b"FETCH", b"fetch"))
    )
    assert isinstance(quickly, Malformed)
    assert isinstance(slowly, Malformed)
    assert quickly.reason == slowly.reason


@pytest.mark.parametrize("behind", [b" UID 3)\r\n", b")\n", b")\rx", b""])
def test_what_ends_otherwise_is_not_taken_for_a_message_alone(behind: bytes) -> None:
    cutter = Cutter(CLIENT)
    cutter.receive(b"* 1 FETCH (BODY[] {1}\r\nx" + behind)
    assert cutter.take_literal(QUICK_CONTENT, QUICK_END, 100) is None
    cutter = Cutter(CLIENT)
    cutter.receive(b"* 1 FETCH (BODY[] {2}\r\nxx)\r\n")
    assert cutter.take_literal(QUICK_CONTENT, QUICK_END, 1) is None
