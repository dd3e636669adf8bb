"""Which command is for which state: RFC 1939, 2449, 2595, 5034 and 6856."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.events import Malformed, Received
from desktopmail.wire.pop3.state import AUTHORIZATION, BOTH, TRANSACTION, State
from desktopmail.wire.pop3.table import COMMANDS, parse_command
from tests.helpers.pop3 import (
    RFC_GREETING,
    client_events,
    client_in_transaction,
    out,
    server_in_transaction,
    server_ready,
)

LINES = {
    b"APOP": b"APOP mrose c4c9334bac560ecc979e58001b3e22fb",
    b"AUTH": b"AUTH PLAIN",
    b"CAPA": b"CAPA",
    b"DELE": b"DELE 1",
    b"LANG": b"LANG de",
    b"LIST": b"LIST",
    b"NOOP": b"NOOP",
    b"PASS": b"PASS secret",
    b"QUIT": b"QUIT",
    b"RETR": b"RETR 1",
    b"RSET": b"RSET",
    b"STAT": b"STAT",
    b"STLS": b"STLS",
    b"TOP": b"TOP 1 0",
    b"UIDL": b"UIDL",
    b"USER": b"USER mrose",
    b"UTF8": b"UTF8",
}
BEFORE = {b"APOP", b"AUTH", b"PASS", b"STLS", b"USER", b"UTF8"}
ALWAYS = {b"CAPA", b"LANG", b"QUIT"}


def test_the_table_is_the_one_of_the_rfcs() -> None:
    assert set(COMMANDS) == set(LINES)
    for keyword, command in COMMANDS.items():
        wanted = AUTHORIZATION if keyword in BEFORE else BOTH if keyword in ALWAYS else TRANSACTION
        assert command.states == wanted, keyword


@pytest.mark.parametrize("keyword", sorted(set(LINES) - {b"PASS"}))
def test_a_command_in_the_wrong_state_is_refused_by_both_machines(keyword: bytes) -> None:
    command = parse_command(LINES[keyword])
    client = ClientConnection()
    client_events(client, [RFC_GREETING + b"\r\n"])
    cases = [
        (State.AUTHORIZATION, client, server_ready()),
        (State.TRANSACTION, client_in_transaction(), server_in_transaction()),
    ]
    for state, sender, server in cases:
        server.receive(LINES[keyword] + b"\r\n")
        event = server.next_event()
        if state in command.states:
            assert event == Received(command)
            sender.send(command)
            assert out(sender).startswith(keyword)
        else:
            assert isinstance(event, Malformed)
            with pytest.raises(LocalProtocolError):
                sender.send(command)
            assert out(sender) == b"", "something was sent all the same"


def test_pass_comes_only_after_user() -> None:
    server = server_ready()
    server.receive(b"PASS tanstaaf\r\n")
    event = server.next_event()
    assert event == Malformed("PASS comes after USER", b"PASS <password>\r\n")


def test_nothing_is_sent_before_the_greeting() -> None:
    with pytest.raises(LocalProtocolError):
        ClientConnection().send(parse_command(b"QUIT"))
