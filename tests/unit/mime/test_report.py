"""Delivery reports and read receipts are read, whoever wrote them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from desktopmail.mime.message import Message
from desktopmail.mime.report import DeliveryReport, Fate, ReadReceipt, of

# RFC 3464 appendix E.1, shortened.
RFC_3464 = b"""From: Mail Delivery Subsystem <MAILER-DAEMON@CS.UTK.EDU>\r
Message-Id: <199407072116.RAA14128@CS.UTK.EDU>\r
Subject: Returned mail: Cannot send message for 5 days\r
To: <owner-info-mime@cs.utk.edu>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
 boundary="RAA14128.773615765/CS.UTK.EDU"\r
\r
--RAA14128.773615765/CS.UTK.EDU\r
\r
The original message was received at Sat, 2 Jul 1994 17:10:28 -0400\r
\r
--RAA14128.773615765/CS.UTK.EDU\r
content-type: message/delivery-status\r
\r
Reporting-MTA: dns; cs.utk.edu\r
Original-Envelope-Id: QQ314159\r
\r
Original-Recipient: rfc822;louisl@larry.slip.umd.edu\r
Final-Recipient: rfc822;louisl@larry.slip.umd.edu\r
Action: failed\r
Status: 4.0.0\r
Diagnostic-Code: smtp; 426 connection timed out\r
\r
Final-Recipient: rfc822; b@example.org\r
Action: delivered\r
Status: 2.0.0\r
\r
--RAA14128.773615765/CS.UTK.EDU\r
content-type: message/rfc822\r
\r
Message-ID: <one@example.org>\r
Subject: original\r
\r
text\r
--RAA14128.773615765/CS.UTK.EDU--\r
"""
# RFC 8098 section 9, shortened.
RFC_8098 = b"""Date: Wed, 20 Sep 1995 00:19:00 (EDT) -0400\r
From: Joe Recipient <Joe_Recipient@example.com>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=disposition-notification;\r
 boundary="RAA14128.773615765/example.com"\r
\r
--RAA14128.773615765/example.com\r
Content-type: text/plain\r
\r
The message was displayed.\r
--RAA14128.773615765/example.com\r
content-type: message/disposition-notification\r
\r
Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r
Original-Recipient: rfc822;Joe_Recipient@example.com\r
Final-Recipient: rfc822;Joe_Recipient@example.com\r
Original-Message-ID: <199509192301.23456@example.org>\r
Disposition: manual-action/MDN-sent-manually; displayed\r
--RAA14128.773615765/example.com--\r
"""


def test_the_example_of_rfc_3464_is_read() -> None:
    first = "louisl@larry.slip.umd.edu"
    assert of(Message.parse(RFC_3464)) == DeliveryReport(
        envelope_id="QQ314159",
        original_id="one@example.org",
        fates=(
            Fate(first, first, "failed", "4.0.0", "426 connection timed out"),
            Fate("b@example.org", "", "delivered", "2.0.0", ""),
        ),
    )


def test_headers_alone_name_the_original_too() -> None:
    octets = RFC_3464.replace(b"message/rfc822", b"text/rfc822-headers")
    found = of(Message.parse(octets))
    assert found is not None
    assert found.original_id == "one@example.org"


def test_the_example_of_rfc_8098_is_read() -> None:
    assert of(Message.parse(RFC_8098)) == ReadReceipt(
        original_id="199509192301.23456@example.org",
        recipient="Joe_Recipient@example.com",
        disposition="displayed",
        is_automatic=False,
    )


def test_an_ordinary_message_is_no_report() -> None:
    assert of(Message.parse(b"Subject: x\r\n\r\nAction: failed\r\n")) is None
    assert of(Message.parse(RFC_3464.replace(b"Action:", b"Auction:"))) is None
    assert of(Message.parse(RFC_8098.replace(b"Disposition:", b"X:"))) is None


@given(st.binary(max_size=300))
def test_nothing_makes_it_fail(octets: bytes) -> None:
    for example in (RFC_3464, RFC_8098):
        cut = example.index(b"Reporting-")
        of(Message.parse(example[:cut] + octets + example[cut:]))
