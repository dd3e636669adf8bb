from __future__ import annotations

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime.address import Mailbox
from desktopmail.mime.message import Message
from tests.helpers import corpora

OCTETS = (
    b"From: =?utf-8?q?J=C3=B6rg?= <j@example.org>\r\nTo: a@b.test, Ben <b@b.test>\r\nCc: "
    b"c@b.test\r\n"
    b"Reply-To: r@b.test\r\nSubject: AW: Gr\xc3\xbc\xc3\x9fe\r\nMessage-ID: <2@x>\r\n"
    b"References: <1@x>\r\n"
    b"Date: Mon, 23 Nov 2026 08:00:00 +0100\r\nList-Id: Hof <hof.lists.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHello there.\r\n"
    b"--x\r\nContent-Type: image/png; name=a.png\r\n\r\nx\r\n--x--\r\n"
)


def test_a_message_is_read_through_one_door() -> None:
    message = Message.parse(OCTETS)
    assert message.octets == OCTETS
    assert message.sender == Mailbox("Jörg", "j@example.org")
    assert message.to == (Mailbox("", "a@b.test"), Mailbox("Ben", "b@b.test"))
    assert message.cc == (Mailbox("", "c@b.test"),)
    assert message.reply_to == (Mailbox("", "r@b.test"),)
    assert (message.subject, message.base_subject) == ("AW: Grüße", "grüsse")
    assert (message.message_id, message.references) == ("2@x", ("1@x",))
    assert message.date is not None
    assert message.date.isoformat() == "2026-11-23T08:00:00+01:00"
    assert message.text == "Hello there."
    assert message.html is None
    assert message.preview == "Hello there."
    assert [one.name for one in message.attachments] == ["a.png"]
    assert message.list_id == "hof.lists.example"
    part = message.part("2")
    assert part is not None
    assert part.media_type == "image/png"
    assert message.part("9") is None


def test_the_row_of_the_index_says_the_same() -> None:
    message, row = Message.parse(OCTETS), Message.parse(OCTETS).index_row()
    for name in (
        "message_id",
        "references",
        "subject",
        "senders",
        "to",
        "cc",
        "bcc",
    ):
        assert getattr(row, name) == getattr(message, name), name
    assert (row.text, row.preview) == (message.index_text, message.preview)
    assert row.date_s == 1795417200
    assert row.has_attachment
    assert row.size_octets == len(OCTETS)
    assert (
        row.header_digest == hashlib.sha256(OCTETS.partition(b"\r\n\r\n")[0] + b"\r\n").hexdigest()
    )


def test_a_header_alone_gives_the_same_row_without_the_text() -> None:
    head, whole = (
        Message.parse(OCTETS.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
        Message.parse(OCTETS),
    )
    one, other = head.index_row(), whole.index_row()
    assert one.header_digest == other.header_digest
    assert one[:8] == other[:8]
    assert (one.text, one.attachments) == ("", ())


def test_nothing_at_all_is_a_message_too() -> None:
    row = Message.parse(b"").index_row()
    assert (row.subject, row.senders, row.text, row.date_s) == ("", (), "", None)
    assert Message.parse(b"").sender == Mailbox("", "")


def test_html_parts_and_plain_ones_between_are_one_text() -> None:
    octets = (
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>a</p>\n"
        b"--x\nContent-Type: text/plain\n\n<footer>\n--x--\n"
    )
    html = Message.parse(octets).html
    assert html is not None
    assert html.startswith("<p>a</p>")
    assert "&lt;footer&gt;" in html


@pytest.mark.parametrize("octets", corpora.message_parameters())
def test_every_real_and_malformed_message_is_read_and_shown_within_a_second(octets: bytes) -> None:
    from desktopmail.mime import html

    begin = time.process_time()
    message = Message.parse(octets)
    row = message.index_row()
    assert message.octets == octets
    assert (message.text, message.defects, message.date, message.mailboxes("resent-to")) is not None
    if message.html is not None:
        assert html.sanitise(message.html, parts=html.part_urls(message.tree)).html is not None
    for attachment in message.attachments:
        assert attachment.name
        assert isinstance(attachment.octets, bytes)
    assert time.process_time() - begin < 1
    assert row.header_digest == message.header.digest


@pytest.mark.parametrize(
    "field",
    [
        "To: " + '"' * 100_000,
        "To: " + "(" * 100_000,
        "To: " + "<" * 100_000,
        "To: " + "a," * 50_000 + '"',
        "To: " + "a@" * 50_000,
        "To: " + "a . " * 30_000 + "@b",
        "To: " + "a:" * 50_000,
        "To: " + "a " * 50_000,
        "To: " + "a <b> " * 20_000,
        "Subject: " + "=?" * 50_000 + "?=",
        "Subject: " + "=?a?Q?" * 20_000,
        "Subject: " + "[a] " * 30_000,
        "Subject: " + "Re: " * 30_000,
        "Content-Type: " + "a; " * 40_000,
        "Content-Type: x/y; " + "a=b c=d " * 15_000,
        "Content-Type: x/y; a=" + " " * 100_000 + "b",
        "Content-Type: x/y; " + "a*0=b; " * 15_000,
        "Content-Disposition: x; filename=" + "a " * 50_000,
        'Content-Disposition: x; filename="' + '\\"' * 50_000,
        "References: " + "<" * 100_000,
        "References: " + "<a b" * 30_000,
        "Date: " + "1 " * 50_000,
        "Date: " + "(" * 100_000,
        "List-Id: " + "<" * 100_000,
        "A" * 100_000,
        "A " * 50_000,
        ":" * 100_000,
        "A:\n " * 30_000,
        "Content-Transfer-Encoding: " + "(" * 100_000,
        "From " + "x" * 100_000,
    ],
    ids=range(30),
)
def test_absurd_fields_take_no_time(field: str) -> None:
    from desktopmail.mime import envelope

    begin = time.process_time()
    message = Message.parse(field.encode() + b"\r\n\r\nx")
    message.index_row()
    assert (message.defects, envelope.of(message.header), message.date) is not None
    assert time.process_time() - begin < 1


@given(st.binary(max_size=500))
def test_no_octets_make_it_raise(octets: bytes) -> None:
    message = Message.parse(octets)
    message.index_row()
    assert (message.text, message.html, message.defects) is not None


def test_the_row_of_a_header_is_that_of_the_message_without_text_and_attachments() -> None:
    whole = Message.parse(OCTETS).index_row()
    block = OCTETS[: OCTETS.index(b"\r\n\r\n") + 4]
    assert Message.parse(block).header_row() == whole._replace(
        text="", preview="", attachments=(), has_attachment=False, size_octets=len(block)
    )
