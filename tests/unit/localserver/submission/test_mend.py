from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktopmail.wire.smtp.reply import Reply
from localserver.submission.mend import Mended, mend

GOOD = (
    b"From: Alice <alice@localhost>\r\nTo: bob@example.org\r\n"
    b"Date: Mon, 23 Nov 2026 06:00:00 +0000\r\nMessage-ID: <1@localhost>\r\n\r\nbody\r\n"
)


def mended(octets: bytes, *, strict: bool = False) -> Mended | Reply:
    return mend(
        octets,
        own=lambda address: address == "alice@localhost",
        own_address="alice@localhost",
        domain="localhost",
        local_domains=frozenset({"localhost"}),
        date=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
        token=b"token",
        strict=strict,
    )


def fields(octets: bytes) -> str:
    result = mended(octets)
    assert isinstance(result, Mended)
    return result.fields.decode()


@pytest.mark.parametrize("strict", [False, True])
def test_a_good_message_is_left_alone(strict: bool) -> None:
    result = mended(GOOD, strict=strict)
    assert isinstance(result, Mended)
    assert result.fields == b""
    assert result.cuts == []


def test_a_missing_date_and_message_id_are_added_and_reported() -> None:
    added = fields(b"From: alice@localhost\r\n\r\nbody\r\n")
    assert added.startswith(
        "X-Submission-Report: added Date;\r\n\tadded Message-ID\r\nDate: Mon, 23 Nov 2026"
    )
    assert "\r\nMessage-ID: <" in added


def test_bcc_is_left_out_and_the_rest_stays_octet_for_octet() -> None:
    octets = GOOD.replace(b"To:", b"Bcc: x@y.example,\r\n z@y.example\r\nbcc: w@y.example\r\nTo:")
    result = mended(octets)
    assert isinstance(result, Mended)
    kept = octets
    for begin, end in sorted(result.cuts, reverse=True):
        kept = kept[:begin] + kept[end:]
    assert kept == GOOD


@pytest.mark.parametrize("hidden", [b"Bcc: x@y.example", b"bcc: x@nowhere", b"Resent-Bcc: <a@b@c>"])
def test_the_report_says_nothing_about_hidden_recipients(hidden: bytes) -> None:
    result = mended(GOOD.replace(b"To:", hidden + b"\r\nTo:"))
    assert isinstance(result, Mended)
    assert result.fields == b""


def test_a_foreign_from_gets_a_sender_and_a_line_in_the_report() -> None:
    added = fields(GOOD.replace(b"alice@localhost", b"carol@example.org"))
    assert added == (
        "X-Submission-Report: added Sender: From is not alice@localhost\r\n"
        "Sender: <alice@localhost>\r\n"
    )


def test_a_foreign_from_is_refused_in_strict_mode() -> None:
    result = mended(GOOD.replace(b"alice@localhost", b"carol@example.org"), strict=True)
    assert str(result) == "550 5.7.1 carol@example.org is not your address"


def test_one_foreign_author_of_several_is_enough() -> None:
    octets = GOOD.replace(b"From: ", b"From: Carol <carol@example.org>, ")
    assert str(mended(octets, strict=True)).startswith("550 5.7.1 carol@example.org")


def test_a_sender_of_ones_own_lets_others_be_the_author() -> None:
    octets = b"Sender: alice@localhost\r\n" + GOOD.replace(b"alice@localhost", b"carol@example.org")
    for strict in (False, True):
        result = mended(octets, strict=strict)
        assert isinstance(result, Mended)
        assert result.fields == b""


def test_a_foreign_sender_is_reported_and_stays() -> None:
    octets = b"Sender: eve@example.org\r\n" + GOOD.replace(b"alice@localhost", b"carol@example.org")
    assert fields(octets) == "X-Submission-Report: From is not alice@localhost\r\n"


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        (b"bob@example.org", b"bob@intranet", "To holds a domain that is not fully qualified"),
        (b"bob@example.org", b"bob@@x", "To holds a malformed address"),
        (b"From: Alice <alice@localhost>\r\n", b"", "From is missing"),
    ],
)
def test_wrong_addresses_are_noted_or_refused(old: bytes, new: bytes, note: str) -> None:
    octets = GOOD.replace(old, new)
    assert note in fields(octets)
    assert str(mended(octets, strict=True)) == f"554 5.6.0 {note}"


def test_a_message_without_a_header_is_divided_from_ours() -> None:
    added = fields(b"just text, no header\r\nmore\r\n")
    assert added.endswith("\r\n\r\n")
    assert not fields(b"\r\nbody").endswith("\r\n\r\n")


@given(st.binary(max_size=200))
def test_any_octets_are_mended_with_whole_lines(octets: bytes) -> None:
    for strict in (False, True):
        result = mended(octets, strict=strict)
        if isinstance(result, Reply):
            assert strict
            continue
        text = result.fields
        assert text.count(b"\r\n") == text.count(b"\n") == text.count(b"\r")
        assert text == b"" or text.endswith(b"\r\n")
        assert all(0 <= begin < end <= len(octets) for begin, end in result.cuts)
