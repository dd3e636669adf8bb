"""APPEND."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap import flags, limits
from desktopmail.wire.imap.append import Append, AppendMessage
from desktopmail.wire.imap.codes import Code
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.cursor import Streamed
from desktopmail.wire.imap.cutter import LiteralEnds, LiteralPiece
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.server import (
    BadCommand,
    CommandReceived,
    LiteralBegins,
    ServerConnection,
)
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


def test_nothing_cannot_be_appended() -> None:
    with pytest.raises(LocalProtocolError):
        encoded(Append("INBOX", ()))


# ---- messages that are given, and taken, piece by piece

MESSAGE = b"\r\na2 DELETE INBOX\r\n."
STREAMED = Append("INBOX", (AppendMessage(Streamed(len(MESSAGE)), SEEN),))


def streaming_server() -> ServerConnection:
    server = ServerConnection(stream_over_octets=10)
    server.send(PREAUTH)
    server.take_output()
    return server


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_a_streamed_message_goes_through_both_machines_in_pieces(step: int) -> None:
    client, server = new_client(), streaming_server()
    tag = client.send(STREAMED)
    assert client.literal_due is None  # the server has not given leave yet
    server.receive(octets_of(client.take_output()))
    assert server.next_event() == LiteralBegins(len(MESSAGE))
    assert client_events(client, [octets_of(server.take_output())]) == []
    taken = b""
    for at in range(0, len(MESSAGE), step):
        assert client.literal_due == (tag, len(MESSAGE) - at)
        client.send_literal(MESSAGE[at : at + step])
        server.receive(octets_of(client.take_output()))
        while isinstance(event := server.next_event(), LiteralPiece):
            taken += event.octets
    assert client.literal_due is None
    assert event == LiteralEnds()
    assert taken == MESSAGE
    assert server.next_event() == CommandReceived(tag, STREAMED)


def test_a_streamed_message_shows_in_a_transcript_only_how_long_it_is() -> None:
    client = new_client()
    client.capabilities = frozenset({"LITERAL+"})
    client.send(STREAMED)
    client.send_literal(MESSAGE)
    redacted = b"".join(segment.redacted for segment in client.take_output())
    assert b"DELETE" not in redacted
    assert b"<%d octets of a message>" % len(MESSAGE) in redacted


@pytest.mark.parametrize("octets", [MESSAGE + b"x", b"a\0b"])
def test_more_than_was_announced_and_a_nul_are_not_sent(octets: bytes) -> None:
    client = new_client()
    client.capabilities = frozenset({"LITERAL+"})
    tag = client.send(STREAMED)
    client.take_output()
    with pytest.raises(LocalProtocolError):
        client.send_literal(octets)
    assert not client.has_output
    assert client.literal_due == (tag, len(MESSAGE))


def test_nothing_is_due_of_a_streamed_message_that_was_refused() -> None:
    client = new_client()
    client.send(STREAMED)
    client.send(Noop())
    client.take_output()
    client_events(client, [b"A1 NO [OVERQUOTA] no\r\n"])
    assert client.literal_due is None
    assert octets_of(client.take_output()) == b"A2 NOOP\r\n"


def test_what_the_server_expects_is_sent_even_after_it_refused() -> None:
    client = new_client()
    client.capabilities = frozenset({"LITERAL+"})
    tag = client.send(STREAMED)
    client.take_output()
    client.send_literal(MESSAGE[:5])
    client.take_output()
    client_events(client, [b"A1 NO [OVERQUOTA] no\r\n"])
    client.send(Noop())
    assert client.literal_due == (tag, len(MESSAGE) - 5)
    assert not client.has_output  # a NOOP now would be taken for octets of the message
    client.send_literal(MESSAGE[5:])
    assert octets_of(client.take_output()) == MESSAGE[5:] + b"\r\nA2 NOOP\r\n"


def test_small_messages_and_other_arguments_are_not_streamed() -> None:
    server = streaming_server()
    server.receive(b"a1 APPEND {5+}\r\nINBOX {3+}\r\nabc\r\na2 CREATE {11+}\r\nlong enough\r\n")
    first = server.next_event()
    assert first == CommandReceived(Tag("a1"), Append("INBOX", (AppendMessage(b"abc"),)))
    server.send(Tagged(Tag("a1"), Condition.OK))
    assert isinstance(server.next_event(), CommandReceived)


def test_many_streamed_messages_in_one_command_have_a_bound() -> None:
    size = 60 * limits.MIB
    server = streaming_server()
    octets = b"a1 APPEND INBOX"
    seen = 0
    for _ in range(limits.MAX_COMMAND_OCTETS // size):
        server.receive(octets + b" {%d+}\r\n" % size)
        assert server.next_event() == LiteralBegins(size)
        piece = b"x" * limits.MIB
        for _ in range(60):
            server.receive(piece)
            while (event := server.next_event()) is not None:
                seen += len(event.octets) if isinstance(event, LiteralPiece) else 0
        octets = b""
    assert seen == limits.MAX_COMMAND_OCTETS // size * size
    server.receive(b" {%d}\r\n" % size)
    refused = server.next_event()
    assert isinstance(refused, BadCommand)
    assert refused.code is Code.TOOBIG


def test_a_command_that_turns_out_bad_behind_its_streamed_message_is_refused() -> None:
    server = streaming_server()
    server.receive(b"a1 APPEND INBOX {%d+}\r\n%b rubbish\r\n" % (len(MESSAGE), MESSAGE))
    assert server.next_event() == LiteralBegins(len(MESSAGE))
    assert server.next_event() == LiteralPiece(MESSAGE)
    assert server.next_event() == LiteralEnds()
    assert isinstance(server.next_event(), BadCommand)
