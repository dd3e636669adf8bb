"""The greeting: RFC 1939 section 4, RFC 2449 section 3."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError, RemoteProtocolError
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.reply import error, ok

RFC_GREETING = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"


def test_the_greeting_of_rfc_1939_section_10_offers_apop() -> None:
    greeting = Greeting.parse(RFC_GREETING)
    assert greeting.reply.ok
    assert greeting.timestamp == b"<1896.697170952@dbc.mtview.ca.us>"
    assert greeting.apop_digest(b"tanstaaf") == "c4c9334bac560ecc979e58001b3e22fb"


def test_a_greeting_goes_round_with_one_timestamp() -> None:
    assert Greeting.parse(RFC_GREETING).encode() == RFC_GREETING + b"\r\n"


def test_a_greeting_without_timestamp_offers_none() -> None:
    greeting = Greeting.parse(b"+OK Dovecot ready.")
    assert greeting.timestamp is None
    with pytest.raises(LocalProtocolError):
        greeting.apop_digest(b"tanstaaf")


def test_a_refusal_offers_no_apop() -> None:
    greeting = Greeting.parse(b"-ERR [SYS/TEMP] too many <1.2@h>")
    assert not greeting.reply.ok
    assert greeting.timestamp is None


def test_another_protocol_is_the_peers_fault() -> None:
    for line in (b"220 mail.example.org ESMTP", b"* OK IMAP4rev1", b"SSH-2.0-x", b""):
        with pytest.raises(RemoteProtocolError):
            Greeting.parse(line)


@pytest.mark.parametrize(
    ("greeting", "line"),
    [
        (Greeting(ok("ready"), b"<1.2@h>"), b"+OK ready <1.2@h>\r\n"),
        (Greeting(ok(), b"<1.2@h>"), b"+OK <1.2@h>\r\n"),
        (Greeting(ok("ready")), b"+OK ready\r\n"),
        (Greeting(error("full", "SYS/TEMP")), b"-ERR [SYS/TEMP] full\r\n"),
    ],
)
def test_a_greeting_is_written(greeting: Greeting, line: bytes) -> None:
    assert greeting.encode() == line
    assert Greeting.parse(line.removesuffix(b"\r\n")).timestamp == greeting.timestamp
