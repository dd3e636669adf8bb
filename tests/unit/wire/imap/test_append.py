"""APPEND."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.server import BadCommand, CommandReceived, ServerConnection
from desktopmail.wire.imap.state import State
from tests.helpers.imap import (
    client_events,
    command_both_ways,
    encoded,
    new_client,
    new_server,
    octets_of,
    read_command,
    refused_command,
)

PREAUTH = Answer(Condition.PREAUTH, None, "hello")
SEEN = frozenset({flags.SEEN})


def test_the_command_of_rfc_9051_section_6_3_12() -> None:
    when = datetime(1994, 2, 7, 21, 52, 25, tzinfo=timezone(timedelta(hours=-8)))
    command_both_ways(
        b'APPEND saved-messages (\\Seen) " 7-Feb-1994 21:52:25 -0800" {4+}\r\nabcd',
        Append("saved-messages", (AppendMessage(b"abcd", SEEN, when),)),
    )


def test_several_messages_of_rfc_3502_section_3() -> None:
    command_both_ways(
        b"APPEND saved-messages (\\Seen) {2+}\r\nab {0+}\r\n ~{3+}\r\na\0b",
        Append(
            "saved-messages",
            (AppendMessage(b"ab", SEEN), AppendMessage(b""), AppendMessage(b"a\0b")),
        ),
    )


def test_utf8_of_rfc_6855_section_4() -> None:
    command_both_ways(
        b"APPEND INBOX UTF8 (~{3+}\r\n\xc3\xa4x)",
        Append("INBOX", (AppendMessage("äx".encode(), utf8=True),)),
    )


def test_a_nul_needs_literal8() -> None:
    assert refused_command(b"APPEND INBOX {3+}\r\na\0b").tag == "a1"
    client = new_client()
    with pytest.raises(LocalProtocolError, match="NUL"):
        client.send(Append("INBOX", (AppendMessage(b"a\0b"),)))
    assert not client.in_flight


@pytest.mark.parametrize(
    "octets",
    [
        b"APPEND INBOX",
        b"APPEND INBOX ()",
        b'APPEND INBOX "x" {1+}\r\na',
        b"APPEND INBOX quoted",
        b"APPEND INBOX {1+}\r\nab",
        b"APPEND INBOX {1+}\r\na {1+}\r\nb c",
        b"APPEND INBOX UTF8 (~{1+}\r\na",
        b'APPEND INBOX "a"',
    ],
)
def test_what_is_no_append_is_refused_with_its_literals(octets: bytes) -> None:
    refused_command(octets)


def test_octets_of_a_message_never_become_a_command() -> None:
    evil = b"\r\na2 DELETE INBOX\r\n"
    command = read_command(b"APPEND x {%d+}\r\n%b" % (len(evil), evil))
    assert command == Append("x", (AppendMessage(evil),))
    refused_command(b"APPEND ( {%d+}\r\n%b" % (len(evil), evil))


def test_a_sync_literal_waits_for_leave_in_both_roles() -> None:
    client, server = new_client(), new_server()
    tag = client.send(Append("INBOX", (AppendMessage(b"hello"),)))
    said = octets_of(client.take_output())
    assert said == b"A1 APPEND INBOX {5}\r\n"
    server.receive(said)
    assert server.next_event() is None
    leave = octets_of(server.take_output())
    assert leave == b"+ OK\r\n"
    assert client_events(client, [leave]) == []
    server.receive(octets_of(client.take_output()))
    assert server.next_event() == CommandReceived(tag, Append("INBOX", (AppendMessage(b"hello"),)))


def test_a_refused_literal_is_not_sent_and_the_next_command_is() -> None:

    client = new_client()
    tag = client.send(Append("INBOX", (AppendMessage(b"hello"),)))
    client.send(Noop())
    client.take_output()
    assert client_events(client, [b"A1 NO [TOOBIG] no\r\n"]) == [
        Tagged(tag, Condition.NO, Code.TOOBIG, "no")
    ]
    assert octets_of(client.take_output()) == b"A2 NOOP\r\n"


@pytest.mark.parametrize("size", [b"11", b"9223372036854775808", b"99999999999999999999999999"])
def test_a_message_over_the_limit_is_refused_before_it_comes(size: bytes) -> None:
    server = ServerConnection(append_limit=10)
    server.send(PREAUTH)
    server.take_output()
    server.receive(b"a1 APPEND INBOX {" + size + b"}\r\n")
    bad = server.next_event()
    assert bad == BadCommand(
        Tag("a1"), "A literal of at most 10 octets is taken here", Code.TOOBIG, Condition.NO
    )
    assert server.take_output() == []
    server.send(bad.refusal)
    server.receive(b"a2 NOOP\r\n")
    assert isinstance(server.next_event(), CommandReceived)


def test_a_non_sync_message_over_the_limit_is_read_past() -> None:
    server = ServerConnection(append_limit=10)
    server.send(PREAUTH)
    server.receive(b"a1 APPEND INBOX {25+}\r\na2 DELETE INBOX\r\n")
    assert server.next_event() is None
    server.receive(b"12345678\r\na3 NOOP\r\n")
    bad = server.next_event()
    assert isinstance(bad, BadCommand)
    assert bad.code is Code.TOOBIG
    server.send(bad.refusal)
    following = server.next_event()
    assert isinstance(following, CommandReceived)
    assert following.tag == "a3"


def test_before_login_an_append_gets_no_room() -> None:
    server = new_server(State.NOT_AUTHENTICATED)
    server.receive(b"a1 APPEND INBOX {100000}\r\n")
    bad = server.next_event()
    assert isinstance(bad, BadCommand)
    assert bad.code is Code.TOOBIG


def test_nothing_and_what_was_streamed_cannot_be_appended() -> None:
    for messages in ((), (AppendMessage(Streamed(5)),)):
        with pytest.raises(LocalProtocolError):
            encoded(Append("INBOX", messages))
