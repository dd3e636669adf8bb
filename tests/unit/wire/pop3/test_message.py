"""RETR, TOP and DELE: RFC 1939 sections 5 and 7."""

from __future__ import annotations

import pytest

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.output import Output
from desktopmail.wire.pop3.command import CommandSyntaxError, Follows
from desktopmail.wire.pop3.events import Answered, Data
from desktopmail.wire.pop3.message import Dele, Retr, Top, top
from desktopmail.wire.pop3.reply import Reply
from tests.helpers.pop3 import client_events, client_in_transaction, splits

# RFC 1939 section 10, with the lines that it leaves out.
RFC_RETR = b"+OK 120 octets\r\nSubject: one\r\n\r\n..dotted\r\n...\r\nlast\r\n.\r\n"
MESSAGE = b"Subject: one\r\n\r\n.dotted\r\n..\r\nlast\r\n"


@pytest.mark.parametrize("command", [Retr(1), Top(1, 10)])
@pytest.mark.parametrize("split", [0, 1])
def test_a_message_comes_with_its_dots_taken_out(command: Retr | Top, split: int) -> None:
    client = client_in_transaction()
    client.send(command)
    events = client_events(client, splits(RFC_RETR)[split])
    assert events == [
        Answered(command, Reply(ok=True, text="120 octets")),
        Data(command, MESSAGE, is_last=True),
    ]


def test_what_trails_behind_a_message_is_the_next_answer() -> None:
    client = client_in_transaction()
    client.send(Retr(1))
    client.send(Dele(1))
    events = client_events(client, [RFC_RETR + b"+OK message 1 deleted\r\n"])
    assert events[-1] == Answered(Dele(1), Reply(ok=True, text="message 1 deleted"))


def test_the_refusals_of_the_rfc_are_answers() -> None:
    client = client_in_transaction()
    for command in (Dele(2), Top(100, 3), Retr(7)):
        client.send(command)
    answers = (
        b"-ERR message 2 already deleted\r\n-ERR no such message\r\n-ERR [UTF8] needs UTF8 mode\r\n"
    )
    events = client_events(client, [answers])
    assert [event.reply.ok for event in events if isinstance(event, Answered)] == [False] * 3
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.reply.code == "UTF8"


@pytest.mark.parametrize(
    ("command", "line"),
    [(Retr(1), b"RETR 1\r\n"), (Dele(2), b"DELE 2\r\n"), (Top(1, 10), b"TOP 1 10\r\n")],
)
def test_commands_are_written(command: Retr | Dele | Top, line: bytes) -> None:
    output = Output()
    command.write(output)
    assert output.take()[0].octets == line
    assert type(command).parse(line[4:].strip()) == command


def test_a_message_follows_retr_and_top_only() -> None:
    assert Retr(1).follows is Top(1, 0).follows is Follows.DATA
    assert Dele(1).follows is Follows.NOTHING


@pytest.mark.parametrize("arguments", [b"", b"0", b"x", b"1 2", b"-1", b"99999999999"])
def test_a_number_that_is_none_is_a_syntax_error(arguments: bytes) -> None:
    for kind in (Retr, Dele):
        with pytest.raises(CommandSyntaxError):
            kind.parse(arguments)


@pytest.mark.parametrize(
    "arguments", [b"", b"1", b"1 x", b"1 -1", b"0 1", b"1 2 3", b"1 99999999999"]
)
def test_top_takes_two_numbers(arguments: bytes) -> None:
    with pytest.raises(CommandSyntaxError):
        Top.parse(arguments)


@pytest.mark.parametrize("command", [Retr(0), Dele(-1), Top(0, 1), Top(1, -1), Top(1, 10**10)])
def test_a_number_that_is_none_is_our_fault(command: Retr | Dele | Top) -> None:
    with pytest.raises(LocalProtocolError):
        command.write(Output())


@pytest.mark.parametrize(
    ("message", "lines", "beginning"),
    [
        (b"A: b\r\n\r\n1\r\n2\r\n3\r\n", 0, b"A: b\r\n\r\n"),
        (b"A: b\r\n\r\n1\r\n2\r\n3\r\n", 2, b"A: b\r\n\r\n1\r\n2\r\n"),
        (b"A: b\r\n\r\n1\r\n2\r\n", 9, b"A: b\r\n\r\n1\r\n2\r\n"),
        # A message without a body, which has broken other servers.
        (b"A: b\r\n", 5, b"A: b\r\n"),
        (b"A: b\r\n\r\n", 5, b"A: b\r\n\r\n"),
        # Without a header, and empty lines inside the body.
        (b"\r\nbody\r\n\r\nmore\r\n", 0, b"\r\n"),
        (b"\r\nbody\r\n\r\nmore\r\n", 2, b"\r\nbody\r\n\r\n"),
        (b"A: b\r\n\r\n\r\n\r\n1\r\n", 2, b"A: b\r\n\r\n\r\n\r\n"),
        (b"", 3, b""),
    ],
)
def test_top_gives_header_empty_line_and_so_many_lines(
    message: bytes, lines: int, beginning: bytes
) -> None:
    assert top(message, lines) == beginning
