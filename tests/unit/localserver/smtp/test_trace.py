from datetime import UTC, datetime

import pytest

from desktopmail.wire.smtp.path import Mailbox
from localserver.smtp.trace import received, return_path, with_protocol

DATE = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def test_return_path_of_section_4_4() -> None:
    assert return_path(None) == b"Return-Path: <>\r\n"
    assert return_path(Mailbox("a", "b.example")) == b"Return-Path: <a@b.example>\r\n"


@pytest.mark.parametrize(
    ("extended", "tls", "authenticated", "smtputf8", "lmtp", "name"),
    [
        (False, False, False, False, False, "SMTP"),
        (True, False, False, False, False, "ESMTP"),
        (True, True, False, False, False, "ESMTPS"),
        (True, False, True, False, False, "ESMTPA"),
        (True, True, True, False, False, "ESMTPSA"),
        (True, True, True, True, False, "UTF8SMTPSA"),
        (True, True, False, False, True, "LMTPS"),
    ],
)
def test_the_names_of_rfc_3848_and_rfc_6531(
    extended: bool, tls: bool, authenticated: bool, smtputf8: bool, lmtp: bool, name: str
) -> None:
    told = with_protocol(
        extended=extended, tls=tls, authenticated=authenticated, smtputf8=smtputf8, lmtp=lmtp
    )
    assert told == name


def line(hello: str = "me.example", peer: str = "127.0.0.1:4000", to: str | None = None) -> str:
    return received(
        hello=hello,
        peer=peer,
        by="localhost",
        protocol="ESMTP",
        identifier="abc",
        recipient=to,
        tls=None,
        date=DATE,
    ).decode()


def test_received_has_the_clauses_of_section_4_4() -> None:
    assert line(to="bob@localhost") == (
        "Received: from me.example ([127.0.0.1])\r\n"
        "\tby localhost with ESMTP id abc\r\n"
        "\tfor <bob@localhost>;\r\n"
        "\tMon, 23 Nov 2026 06:00:00 +0000\r\n"
    )
    assert "for" not in line()
    assert "([IPv6:::1])" in line(peer="[::1]:4000")


def test_a_hello_cannot_break_the_field() -> None:
    text = line(hello="a\r\nX-Evil: (b)")
    assert text.startswith("Received: from a??X-Evil:??b? (")
    assert len(text.split("\r\n")) == 4
