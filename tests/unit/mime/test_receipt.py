"""A receipt is asked for in a header, and written as RFC 8098 wants it."""

from __future__ import annotations

import datetime as dt
import email

import pytest

from desktopmail.mime import receipt, report
from desktopmail.mime.address import Mailbox
from desktopmail.mime.message import Message
from tests.unit.mime.test_report import RFC_8098

ASKED = (
    b"From: Ann <ann@example.org>\r\nTo: bob@example.org\r\nMessage-ID: <1@example.org>\r\n"
    b"Disposition-Notification-To: Ann <ann@example.org>\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"\r\nHello\r\n"
)


def written() -> bytes:
    return receipt.write(
        Message.parse(ASKED),
        Mailbox("Bob", "bob@example.org"),
        date=dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC),
        message_id="r@example.org",
        boundary="b0undary",
    )


def test_a_sender_may_ask_and_a_report_may_not() -> None:
    assert [one.address for one in receipt.wanted_by(Message.parse(ASKED))] == ["ann@example.org"]
    asking = b"Disposition-Notification-To: a@example.org\r\n" + RFC_8098
    assert receipt.wanted_by(Message.parse(asking)) == ()
    assert receipt.wanted_by(Message.parse(b"Subject: x\r\n\r\n")) == ()


def test_a_receipt_is_read_as_one_by_ourselves() -> None:
    assert report.of(Message.parse(written())) == report.ReadReceipt(
        original_id="1@example.org",
        recipient="bob@example.org",
        disposition="displayed",
        is_automatic=False,
    )


def test_a_receipt_is_a_sound_message_for_others() -> None:
    """The standard library is the other reader."""
    message = email.message_from_bytes(written(), policy=email.policy.SMTP)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "disposition-notification"
    assert [part.get_content_type() for part in message.iter_parts()] == [
        "text/plain",
        "message/disposition-notification",
    ]
    assert message["To"] == "Ann <ann@example.org>"
    assert message["Subject"] == "Read: Grüße"
    assert message["In-Reply-To"] == "<1@example.org>"
    assert all(len(line) <= 998 for line in written().split(b"\r\n"))
    assert written().replace(b"\r\n", b"").count(b"\n") == 0


@pytest.mark.parametrize("name", ["<>>", "@", "a@[", "ü@x", "a b@c", "x" * 2000 + "@y"])
def test_a_hostile_message_id_does_no_harm(name: str) -> None:
    asked = ASKED.replace(b"<1@example.org>", f"<{name}>".encode())
    octets = receipt.write(
        Message.parse(asked),
        Mailbox("Bob", "bob@example.org"),
        date=dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC),
        message_id="r@example.org",
        boundary="b0undary",
    )
    assert report.of(Message.parse(octets)) is not None
