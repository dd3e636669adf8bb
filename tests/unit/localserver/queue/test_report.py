import email
from datetime import UTC, datetime

import pytest

from desktopmail.wire.smtp.rcpt import OriginalRecipient
from localserver.queue.report import Action, Fate, make_report

DATE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ORIGINAL = b"Subject: x\r\nFrom: a@b.example\r\n\r\nbody\r\n"


def report(
    *fates: Fate, full: bool = True, original: bytes = ORIGINAL, most_octets: int = 1_000_000
) -> bytes:
    return make_report(
        fates,
        sender="alice@example.org",
        reporter="mail.test",
        original=original,
        full=full,
        most_octets=most_octets,
        envid="QQ314159",
        date=DATE,
        token=b"0123456789ab",
    )


FAILED = Fate(
    "louisl@larry.slip.umd.edu",
    Action.FAILED,
    "5.1.1",
    OriginalRecipient("rfc822", "louisl@larry.slip.umd.edu"),
    "mx.example.org",
    "550 5.1.1 No such user\r\nInjected: field",
)


def test_the_parts_and_fields_of_rfc_3464() -> None:
    message = email.message_from_bytes(report(FAILED))
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    assert message["To"] == "<alice@example.org>"
    assert message["Auto-Submitted"] == "auto-replied"
    people, programs, returned = message.get_payload()
    assert "could not be delivered" in people.get_payload()
    assert programs.get_content_type() == "message/delivery-status"
    whole, group = programs.get_payload()
    assert whole["Reporting-MTA"] == "dns; mail.test"
    assert whole["Original-Envelope-Id"] == "QQ314159"
    assert group["Original-Recipient"] == "rfc822; louisl@larry.slip.umd.edu"
    assert group["Final-Recipient"] == "rfc822; louisl@larry.slip.umd.edu"
    assert (group["Action"], group["Status"]) == ("failed", "5.1.1")
    assert group["Remote-MTA"] == "dns; mx.example.org"
    assert group["Diagnostic-Code"] == "smtp; 550 5.1.1 No such user Injected: field"
    assert group["Injected"] is None
    assert returned.get_content_type() == "message/rfc822"
    assert returned.get_payload()[0]["Subject"] == "x"


def test_every_line_ends_in_crlf() -> None:
    octets = report(FAILED)
    assert octets.count(b"\n") == octets.count(b"\r") == octets.count(b"\r\n")


@pytest.mark.parametrize("action", [Action.DELAYED, Action.DELIVERED, Action.RELAYED])
def test_only_a_failure_returns_the_whole_message(action: Action) -> None:
    message = email.message_from_bytes(report(Fate("a@b.example", action, "2.0.0")))
    assert message.get_payload()[2].get_content_type() == "text/rfc822-headers"
    headers = email.message_from_bytes(report(FAILED, full=False))
    assert headers.get_payload()[2].get_content_type() == "text/rfc822-headers"
    assert "body" not in headers.get_payload()[2].get_payload()


def test_a_delay_says_how_long_we_go_on() -> None:
    fate = Fate("a@b.example", Action.DELAYED, "4.4.1", diagnostic="down", retry_until=DATE)
    octets = report(fate)
    assert b"Will-Retry-Until: Mon, 23 Nov 2026 06:00:00 +0000\r\n" in octets
    assert b"Diagnostic-Code: x-localserver; down\r\n" in octets


def test_the_worst_fate_names_the_report() -> None:
    octets = report(Fate("a@b.example", Action.DELIVERED, "2.0.0"), FAILED)
    assert email.message_from_bytes(octets)["Subject"] == "Your message could not be delivered"


def test_international_recipients_follow_rfc_6533() -> None:
    octets = report(Fate("jürgen@bücher.example", Action.FAILED, "5.1.1"))
    assert b"Content-Type: message/global-delivery-status\r\n" in octets
    assert "Final-Recipient: utf-8; jürgen@bücher.example\r\n".encode() in octets


@pytest.mark.parametrize(
    "fate",
    [
        Fate("a@b.example", Action.FAILED, "5.1.1", None, "mx.example", "550 Für Sie nicht"),
        Fate("a@b.example", Action.FAILED, "5.1.1", OriginalRecipient("utf-8", "jürgen@b.example")),
    ],
)
def test_a_status_beyond_ascii_is_a_global_one(fate: Fate) -> None:
    programs = email.message_from_bytes(report(fate)).get_payload()[1]
    assert programs.get_content_type() == "message/global-delivery-status"
    assert programs["Content-Transfer-Encoding"] == "8bit"


def test_a_long_diagnostic_is_cut_in_ascii() -> None:
    fate = Fate("a@b.example", Action.FAILED, "5.1.1", None, "mx.example", "550 " + "x" * 1000)
    programs = email.message_from_bytes(report(fate)).get_payload()[1]
    assert programs.get_content_type() == "message/delivery-status"
    assert programs.get_payload()[1]["Diagnostic-Code"].endswith("x ...")


@pytest.mark.parametrize(
    ("header", "full", "kind"),
    [
        ("Subject: grüße".encode(), True, "message/global"),
        ("Subject: grüße".encode(), False, "message/global-headers"),
        (b"Subject: gr\xfc\xdfe", True, "message/rfc822"),
        (b"Subject: x", True, "message/rfc822"),
    ],
)
def test_a_message_with_a_header_in_utf_8_is_returned_as_a_global_one(
    header: bytes, full: bool, kind: str
) -> None:
    octets = header + b"\r\n\r\nbody\r\n"
    returned = email.message_from_bytes(report(FAILED, full=full, original=octets)).get_payload()[2]
    assert returned.get_content_type() == kind


def test_a_message_in_eight_bits_is_returned_as_such() -> None:
    octets = report(FAILED, original="Subject: x\r\n\r\ngrüße\r\n".encode())
    assert b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n" in octets


@pytest.mark.parametrize("full", [True, False])
def test_a_report_is_never_larger_than_a_message_may_be(*, full: bool) -> None:
    original = ORIGINAL + b"a line\r\n" * 20_000
    for most_octets in range(150_000, 220_000, 10_000):
        octets = report(FAILED, full=full, original=original, most_octets=most_octets)
        assert len(octets) <= most_octets
        returned = email.message_from_bytes(octets).get_payload()[2]
        is_whole = full and most_octets >= 180_000
        assert returned.get_content_type() == (
            "message/rfc822" if is_whole else "text/rfc822-headers"
        )
        assert (original in octets) is is_whole
