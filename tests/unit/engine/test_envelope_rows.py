"""What an envelope says stands in the row as the header would put it there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.door.rows import Flag
from desktopmail.engine import envelope_rows, summary
from desktopmail.engine.envelope_rows import EnvelopeRow, Listing
from desktopmail.engine.store import thread
from desktopmail.wire.imap.bodypart import Disposition, MultiPart, SinglePart
from desktopmail.wire.imap.envelope import Address, Envelope
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.fetch_rows import read_row
from desktopmail.wire.imap.flags import SEEN
from desktopmail.wire.imap.sequence import Seq, Uid
from desktopmail.wire.imap.writer import Writer

if TYPE_CHECKING:
    from desktopmail.engine.envelope_rows import Columns
    from desktopmail.wire.imap.bodypart import BodyStructure

ANN = Address(b"=?utf-8?q?Ann_M=C3=BCller?=", None, b"ann", b"example.org")
BOB = Address(None, None, b"bob", b"example.org")
ENVELOPE = Envelope(
    date=b"Thu, 16 Nov 2023 10:00:00 +0100",
    subject=b"Re: =?utf-8?b?R3LDvMOfZQ==?=",
    from_=(ANN,),
    to=(BOB,),
    cc=(Address(None, None, b"friends", None), ANN, Address()),
    in_reply_to=b"<1@example.org>",
    message_id=b"<2@example.org>",
)
HEADER = (
    b"Date: Thu, 16 Nov 2023 10:00:00 +0100\r\nSubject: Re: =?utf-8?b?R3LDvMOfZQ==?=\r\n"
    b"From: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.org>\r\nTo: bob@example.org\r\n"
    b"Cc: friends: =?utf-8?q?Ann_M=C3=BCller?= <ann@example.org>;\r\n"
    b"In-Reply-To: <1@example.org>\r\nMessage-ID: <2@example.org>\r\n\r\n"
)
TEXT = SinglePart(b"TEXT", b"PLAIN", ((b"CHARSET", b"UTF-8"),), size=12, lines=1)
FILE = SinglePart(b"APPLICATION", b"PDF", ((b"NAME", b"a.pdf"),), encoding=b"BASE64", size=9)


def line_of(answer: FetchResponse) -> bytes:
    writer = Writer(utf8=False, non_sync_octets=0, binary=False)
    writer.raw(b"* ")
    answer.encode(writer)
    pieces = writer.finish()
    return b"".join(piece.octets for piece in pieces if piece is not None) + b"\r\n"


def rows_of(columns: Columns) -> list[EnvelopeRow]:
    return list(map(EnvelopeRow._make, zip(*Listing(*columns), strict=True)))


def row_of(answer: FetchResponse) -> EnvelopeRow:
    """The row of an answer, which is the same whether it came read or unread."""
    columns, unread = envelope_rows.of(line_of(answer), utf8=False)
    (row,) = rows_of(columns)
    assert unread == []
    assert row == envelope_rows.of_answer(answer)
    return row


def assert_tells(row: EnvelopeRow, header: bytes) -> None:
    """The columns are those of the header."""
    wanted = summary.of_header(header)
    for name in ("message_id", "subject", "recipients", "sort_sender", "sort_subject"):
        assert getattr(row, name) == getattr(wanted, name), name
    assert (row.sender_name, row.sender_address) == wanted.sender
    assert row.senders == wanted.people[: wanted.senders]
    assert row.others == wanted.people[wanted.senders :]
    assert row.thread_keys == thread.keys_of(wanted.message_id, wanted.references)
    assert row.date_s == (wanted.date_s or 0)


def test_it_is_the_row_of_the_header() -> None:
    answer = FetchResponse(Seq(1), Uid(7), envelope=ENVELOPE, body_structure=TEXT)
    assert_tells(row_of(answer), HEADER)


def test_an_empty_envelope_is_an_empty_row() -> None:
    answer = FetchResponse(Seq(1), Uid(7), envelope=Envelope())
    assert_tells(row_of(answer), b"\r\n")


def test_what_has_no_date_stands_where_it_arrived() -> None:
    when = datetime(2026, 11, 26, 23, 59, 58, tzinfo=UTC)
    row = row_of(FetchResponse(Seq(1), Uid(7), internal_date=when, envelope=Envelope()))
    assert row.date_s == row.arrived_s == when.timestamp()


def test_what_is_told_beside_the_envelope_stands_beside_the_row() -> None:
    when = datetime(2026, 11, 26, 23, 59, 58, tzinfo=timezone(timedelta(hours=-3.5)))
    told = FetchResponse(
        Seq(1), Uid(7), frozenset({SEEN}), 12, 345, when, envelope=ENVELOPE, body_structure=TEXT
    )
    row = row_of(told)
    assert (row.uid, row.mask, row.tags) == (7, int(Flag.SEEN), ())
    assert (row.modseq, row.arrived_s, row.size) == (12, when.timestamp(), 345)


_texts = st.none() | st.text('aB1 "\\\\<>@=?_,;:().', max_size=9).map(str.encode)
_addresses = st.lists(st.tuples(_texts, _texts, _texts, _texts).map(Address._make), max_size=3)
_dates = st.sampled_from([
    None, b"Thu, 16 Nov 2023 10:00:00 +0100", b"16 Nov 2023 24:00:00 +0100 (CET)", b"16 Nov 23 1:0",
    b"Fri, 31 Dec 9999 23:59:59 -1200", b"Fri, 30 Feb 2024 10:00:00 +0000", b"soon",
])  # fmt: skip
_identifiers = _texts | st.sampled_from([b"<a@b>", b" <a b@c> <d@e>", b"a@b", b"<a@b"])
_envelopes = st.tuples(
    _dates, _texts, *[_addresses.map(tuple)] * 6, _identifiers, _identifiers
).map(Envelope._make)  # fmt: skip
_parameters = st.lists(
    st.tuples(st.sampled_from([b"name", b"NAME*0", b"charset"]), st.just(b'a "b')), max_size=2
).map(tuple)
_dispositions = st.tuples(st.sampled_from([b"inline", b"ATTACHMENT", b"x"]), _parameters)
_leaves = st.tuples(
    st.sampled_from([b"text", b"IMAGE", b"application", b"message"]),
    _parameters,
    st.none() | st.just(b"<a>"),
    st.none() | _dispositions.map(lambda drawn: Disposition(*drawn)),
).map(
    lambda drawn: SinglePart(drawn[0], b"x", drawn[1], drawn[2], disposition=drawn[3])
)  # fmt: skip
_structures = st.recursive(
    _leaves,
    lambda parts: (
        st.lists(parts, min_size=1, max_size=3).map(lambda some: MultiPart(tuple(some), b"mixed"))
        | parts.map(
            lambda body: SinglePart(b"message", b"rfc822", lines=1, envelope=Envelope(), body=body)
        )
    ),
    max_leaves=5,
)


@given(_envelopes, _structures)
def test_what_is_read_quickly_is_what_is_read_to_the_end(
    envelope: Envelope, structure: BodyStructure
) -> None:
    row_of(FetchResponse(Seq(1), Uid(7), envelope=envelope, body_structure=structure))


# What stands between quotes as servers send it, of a charset that they do not know.
_quoted = st.text(' \taB1@<>(=?é\xa0ß"\\', max_size=9).map(
    lambda text: b'"%b"' % text.replace("\\", "\\\\").replace('"', '\\"').encode()
) | st.sampled_from([b"NIL", b'"\xe9"', b'" a\xe9\\" "', b'"Gr\xfc\xdfe an \xc3\xa9"'])


@given(_quoted, _quoted, _quoted, _quoted, _quoted)
def test_octets_of_any_charset_are_the_text_that_is_read_to_the_end(
    date: bytes, subject: bytes, name: bytes, parents: bytes, identifier: bytes
) -> None:
    people = b'((%b NIL %b "example.org")(%b NIL "b" "example.org"))' % (name, name, name)
    line = (
        b"* 1 FETCH (UID 7 FLAGS () ENVELOPE (%b %b %b NIL NIL %b NIL NIL %b %b) BODYSTRUCTURE"
        b' ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 1 1))\r\n'
    ) % (date, subject, people, people, parents, identifier)
    columns, unread = envelope_rows.of(line, utf8=False)
    assert unread == []
    assert rows_of(columns) == [envelope_rows.of_answer(read_row(line[:-2]))]


@pytest.mark.parametrize(
    ("structure", "attached"),
    [
        (TEXT, False),
        (MultiPart((TEXT, FILE)), True),
        (MultiPart((TEXT, TEXT._replace(subtype=b"HTML")), b"ALTERNATIVE"), False),
        (MultiPart((TEXT, TEXT._replace(disposition=Disposition(b"ATTACHMENT")))), True),
        (MultiPart((TEXT, FILE._replace(disposition=Disposition(b"INLINE")))), False),
        (MultiPart((TEXT, FILE._replace(content_id=b"<logo>")), b"RELATED"), False),
    ],
)
def test_a_structure_tells_whether_something_is_attached(
    structure: SinglePart | MultiPart, attached: bool
) -> None:
    answer = FetchResponse(Seq(1), Uid(7), envelope=ENVELOPE, body_structure=structure)
    assert row_of(answer).has_attachment is attached


def test_what_cannot_be_read_is_named_by_its_uid() -> None:
    answer = FetchResponse(Seq(1), Uid(7), envelope=ENVELOPE, body_structure=TEXT)
    broken = b'* 2 FETCH (UID 8 ENVELOPE ("a "quote" inside" NIL))\r\n'
    without = b"* 3 FETCH (UID 9 ENVELOPE NIL)\r\n"
    columns, unread = envelope_rows.of(line_of(answer) + broken + without, utf8=False)
    (row,) = rows_of(columns)
    assert (row.uid, row.message_id, row.arrived_s) == (7, "2@example.org", 0)
    assert unread == [8, 9]
    assert row == envelope_rows.of_answer(answer)
