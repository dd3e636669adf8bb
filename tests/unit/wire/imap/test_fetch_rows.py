"""Answers with envelopes are cut many at a time, and read later as they would have been at once."""

from __future__ import annotations

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap.client_events import Untagged
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.fetch_rows import ROWS, FetchRows, cut_rows, read_row
from tests.helpers.imap import client_events, new_client

# RFC 9051 section 8, in a row.
LINE = (
    b'* 12 FETCH (UID 4 FLAGS (\\Seen) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 4286'
    b' ENVELOPE ("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev2 WG mtg summary and minutes"'
    b' (("Terry Gray" NIL "gray" "cac.washington.edu"))'
    b' (("Terry Gray" NIL "gray" "cac.washington.edu"))'
    b' (("Terry Gray" NIL "gray" "cac.washington.edu")) ((NIL NIL "imap" "cac.washington.edu"))'
    b' ((NIL NIL "minutes" "CNRI.Reston.VA.US")) NIL NIL "<B27397-0100000@cac.washington.edu>")'
    b' BODY ("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92))\r\n'
)
LITERAL = b"* 13 FETCH (UID 5 ENVELOPE (NIL {2}\r\nHi NIL NIL NIL NIL NIL NIL NIL NIL))\r\n"


def told(events: list[object]) -> list[FetchResponse]:
    """What came, whether it was read by the machine or afterwards."""
    found: list[FetchResponse] = []
    for event in events:
        if isinstance(event, FetchRows):
            found += [read_row(line, utf8=event.utf8) for line in event.lines]
        elif isinstance(event, Untagged):
            assert isinstance(event.value, FetchResponse)
            found.append(event.value)
    return found


def test_many_come_in_one_piece_unread() -> None:
    client = new_client()
    client.cuts_rows = True
    assert client_events(client, [LINE * 3]) == [FetchRows(LINE * 3)]
    assert FetchRows(LINE * 3).lines == [LINE[:-2]] * 3


def test_they_are_read_at_once_where_nobody_wants_them_unread() -> None:
    (event,) = client_events(new_client(), [LINE])
    assert isinstance(event, Untagged)
    assert event.value == read_row(LINE[:-2])


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_they_mean_the_same_however_they_arrive(size: int) -> None:
    octets = LINE + LITERAL + LINE + b"* 14 FETCH (UID 6 FLAGS ())\r\n" + LINE
    at_once = told(list(client_events(new_client(), [octets])))
    client = new_client()
    client.cuts_rows = True
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    assert told(list(client_events(client, pieces))) == at_once
    assert [one.uid for one in at_once] == [4, 5, 4, 6, 4]


@pytest.mark.parametrize(
    "octets", [LITERAL, LINE[:-1], LINE[:-2], b"* 1 FETCH (UID 1 FLAGS ())\r\n"]
)
def test_what_has_a_literal_no_envelope_or_no_end_is_not_cut(octets: bytes) -> None:
    assert ROWS.match(octets) is None


def test_a_row_that_breaks_the_grammar_is_the_peers_fault() -> None:
    for line in (b"", b"* 1 FETCH (ENVELOPE (NIL))", b"* 1 FETCH (ENVELOPE (", b"* 1 EXISTS"):
        with pytest.raises(RemoteProtocolError):
            read_row(line)


@given(st.binary(max_size=80))
def test_nothing_but_that_is_ever_raised(octets: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        read_row(LINE[:40] + octets)


def test_a_line_full_of_envelopes_is_looked_through_once() -> None:
    """Else each of them would be a beginning that is tried to the end of the line."""
    began = time.process_time()
    for _ in range(20):
        assert ROWS.match(b"* 1 FETCH (" + b"ENVELOPE (" * 1500 + b"\r\n") is None
    assert time.process_time() - began < 0.5  # three seconds where each was tried


STRUCTURE = b'("TEXT" "PLAIN" ("CHARSET" "US-ASCII") NIL NIL "7BIT" 3028 92)'


def test_a_usual_row_is_cut_into_its_parts() -> None:
    line = LINE.replace(b" BODY (", b" BODYSTRUCTURE (")
    ((parts, same),) = cut_rows(line)
    assert same == line[:-2]
    assert parts is not None
    assert parts[:5] == (b"4", b"\\Seen", b'"17-Jul-1996 02:44:25 -0700"', b"4286", None)
    person = b'(("Terry Gray" NIL "gray" "cac.washington.edu"))'
    assert parts[7:10] == (person, person, b'((NIL NIL "imap" "cac.washington.edu"))')
    assert parts[12:] == (b'"<B27397-0100000@cac.washington.edu>"', STRUCTURE)


_strings = st.sampled_from([b"NIL", b'""', b'"NIL"', b'"a \\"b\\\\ c"', b'"(x) \xe9"', b'"a) NIL"'])
_lists = st.just(b"NIL") | st.lists(_strings, min_size=1, max_size=3).map(
    lambda some: b"(%b)" % b"".join(b"(NIL NIL %b %b)" % (one, one) for one in some)
)


@given(st.tuples(_strings, _strings, *[_lists] * 6, _strings, _strings), st.booleans())
def test_whoever_sends_or_is_answered_is_found_where_others_are_alike(
    envelope: tuple[bytes, ...], alike: bool
) -> None:
    date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id = envelope
    if alike:
        sender = reply_to = from_
    told = b" ".join([date, subject, from_, sender, reply_to, to, cc, bcc, in_reply_to, message_id])
    line = b"* 1 FETCH (UID 1 FLAGS () ENVELOPE (%b) BODYSTRUCTURE %b)\r\n" % (told, STRUCTURE)
    ((parts, _),) = cut_rows(line)
    assert parts is not None
    wanted = (date, subject, from_, sender, to, cc, in_reply_to, message_id)
    assert parts[5:] == (*wanted, STRUCTURE)


def test_what_is_no_usual_row_is_cut_off_whole() -> None:
    unusual = LINE + b"* 1 FETCH (ENVELOPE (NIL))\r\n\r\n"
    assert [(parts, line + b"\r\n") for parts, line in cut_rows(unusual)] == [
        (None, line + b"\r\n") for line in FetchRows(unusual).lines
    ]


@pytest.mark.parametrize(
    "shape",
    [
        b"UID 1 " * 9,
        b'ENVELOPE ("' + b'\\"' * 9 + b'"',
        b'ENVELOPE (NIL NIL ((NIL NIL "a" "b") ' + b'(NIL NIL "a" "b")' * 9,
        b"ENVELOPE (NIL NIL ((NIL NIL NIL NIL)) ((NIL NIL NIL NIL)(NIL NIL NIL NIL)) " * 2,
        b"BODYSTRUCTURE (()) " * 3,
    ],
)
def test_rows_are_cut_in_a_time_that_grows_as_they_do(shape: bytes) -> None:
    line = b"* 1 FETCH (UID 1 " + shape * 250 + b")\r\n"
    began = time.process_time()
    for _ in range(20):
        assert [parts for parts, _ in cut_rows(line)] == [None]
    assert time.process_time() - began < 0.5


_ROW = rb"\* 1 FETCH \((?>[^\r\n]*?ENVELOPE \()[^\r\n]*+(?<=\))\r\n"


@given(
    st.lists(
        st.sampled_from([b"\r", b"\n", b")\r\n", b")", b"E", b"ENVELOPE (", b"* 1 FETCH ("]),
        max_size=9,
    )
)
def test_a_row_holds_an_envelope_and_ends_where_its_line_does(pieces: list[bytes]) -> None:
    octets = b"* 1 FETCH (" + b"".join(pieces)
    found, wanted = ROWS.match(octets), re.match(rb"(?:%b)+" % _ROW, octets)
    assert (found and found[0]) == (wanted and wanted[0])
