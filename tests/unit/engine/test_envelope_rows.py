"""What an envelope says stands in the row as the header would put it there."""

from __future__ import annotations

import pytest

from desktopmail.engine import envelope_rows, summary
from desktopmail.wire.imap.bodypart import Disposition, MultiPart, SinglePart
from desktopmail.wire.imap.envelope import Address, Envelope
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.sequence import Seq, Uid
from desktopmail.wire.imap.writer import Writer

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


def test_it_is_the_row_of_the_header_without_its_digest() -> None:
    wanted = summary.of_header(HEADER)
    assert envelope_rows.summary_of(ENVELOPE, TEXT) == wanted._replace(header=b"", digest=b"")


def test_an_empty_envelope_is_an_empty_row() -> None:
    wanted = summary.of_header(b"\r\n")
    assert envelope_rows.summary_of(Envelope(), None) == wanted._replace(header=b"", digest=b"")


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
    assert envelope_rows.summary_of(ENVELOPE, structure).has_attachment is attached


def test_what_cannot_be_read_is_named_by_its_uid() -> None:
    answer = FetchResponse(Seq(1), Uid(7), envelope=ENVELOPE, body_structure=TEXT)
    broken = b'* 2 FETCH (UID 8 ENVELOPE ("a "quote" inside" NIL))\r\n'
    without = b"* 3 FETCH (UID 9 ENVELOPE NIL)\r\n"
    rows, unread = envelope_rows.of(line_of(answer) + broken + without, utf8=False)
    (row,) = envelope_rows.joined(rows)
    assert (row.uid, row.summary.message_id, row.arrived_s) == (7, "2@example.org", None)
    assert unread == [8, 9]
    assert row == envelope_rows.of_answer(answer)
