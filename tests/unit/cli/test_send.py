"""What is sent from a file is the file, with CRLF and without Bcc."""

from __future__ import annotations

import argparse
import io
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.cli.send import as_sent, read, without, write
from desktopmail.cli.writer import Writer
from desktopmail.door.ids import AccountId
from desktopmail.door.rows import (
    AccountRow,
    Auth,
    ConnectionState,
    Kind,
    Security,
    ServerRow,
)
from desktopmail.mime.address import Mailbox
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from pathlib import Path

SERVER = ServerRow(host="h", port=1, security=Security.TLS, auth=Auth.AUTO, user="anna")
ACCOUNT = AccountRow(
    id=AccountId(1),
    name="anna",
    address="anna@example.org",
    display_name="",
    kind=Kind.IMAP,
    incoming=SERVER,
    outgoing=SERVER,
    state=ConnectionState.READY,
)
WRITER = Writer(ACCOUNT, Mailbox("", ACCOUNT.address))


def test_bcc_is_taken_out_wherever_it_stands_and_nothing_else() -> None:
    octets = (
        b"From: a@example.org\r\nBCC: secret@example.org,\r\n other@example.org\r\n"
        b"Subject: x\r\nbcc: third@example.org\r\n\r\nBcc: this is the text\r\n"
    )
    assert without(octets, "bcc") == (
        b"From: a@example.org\r\nSubject: x\r\n\r\nBcc: this is the text\r\n"
    )


def test_the_envelope_has_everybody_once_and_those_of_bcc_too() -> None:
    octets = (
        b"From: Anna <anna@example.org>\r\nTo: b@example.org, c@example.org\r\n"
        b"Cc: b@example.org\r\nBcc: d@example.org\r\n\r\nx\r\n"
    )
    composed = as_sent(Message.parse(octets), ACCOUNT)
    assert composed.recipients == ("b@example.org", "c@example.org", "d@example.org")
    assert composed.sender == "anna@example.org"
    assert b"d@example.org" not in composed.octets


def test_a_message_without_a_sender_goes_out_as_that_of_the_account() -> None:
    for given in (b"", b"From:\r\n"):
        octets = given + b"To: b@example.org\r\nSubject: x\r\n\r\nx\r\n"
        composed = as_sent(Message.parse(octets), ACCOUNT)
        sent = Message.parse(composed.octets)
        assert [one.address for one in sent.senders] == [ACCOUNT.address]
        assert composed.sender == ACCOUNT.address
        assert composed.octets.lower().count(b"from:") == 1
        assert composed.octets.endswith(b"To: b@example.org\r\nSubject: x\r\n\r\nx\r\n")


def test_a_message_without_recipients_is_refused() -> None:
    with pytest.raises(CommandError, match="names no recipient"):
        as_sent(Message.parse(b"From: a@example.org\r\n\r\nx\r\n"), ACCOUNT)


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b""])
def test_line_ends_of_a_file_become_crlf(end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(b"To: b@example.org\n\r\nline" + end)
    assert read(str(path)) == b"To: b@example.org\r\n\r\nline\r\n"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mail.eml"
    path.write_bytes(b"\n")
    with pytest.raises(CommandError, match="is empty"):
        read(str(path))


def parts(**given: object) -> argparse.Namespace:
    empty: dict[str, object] = {"cc": [], "bcc": [], "attach": [], "receipt": False, "subject": ""}
    return argparse.Namespace(**empty | {"to": ["ben@example.org"]} | given)


def test_a_body_on_standard_input_is_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.BytesIO("Grüße\r\n你好\r\n".encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(typed, encoding="ascii"))
    composed = write(WRITER, parts(body="-"))
    assert Message.parse(composed.octets).text.strip() == "Grüße\n你好"


def test_a_body_in_another_charset_is_refused_before_it_loses_a_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = io.BytesIO("Grüße".encode("latin-1"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(typed, "utf-8", errors="surrogateescape"))
    with pytest.raises(CommandError, match="is not text in UTF-8"):
        write(WRITER, parts(body="-"))


def test_a_recipient_is_not_lost_in_the_name_of_the_next() -> None:
    with pytest.raises(UsageError, match=r"anna, ben@example\.org is not an address"):
        write(WRITER, parts(to=["anna, ben@example.org"], body="x"))


def test_answers_to_an_identity_go_where_it_wants_them() -> None:
    writer = Writer(
        ACCOUNT, Mailbox("Anna Work", "work@example.org"), (Mailbox("", "team@example.org"),)
    )
    composed = write(writer, parts(body="x", receipt=True))
    sent = Message.parse(composed.octets)
    assert composed.sender == "work@example.org"
    assert [str(one) for one in sent.senders] == ["Anna Work <work@example.org>"]
    assert [one.address for one in sent.reply_to] == ["team@example.org"]
    assert b"Disposition-Notification-To: Anna Work <work@example.org>" in composed.octets
