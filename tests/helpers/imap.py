"""Reads and writes IMAP by the machines of both roles: examples whole, in pieces and followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import LiteralBegins, Malformed
from desktopmail.wire.imap.client_events import Untagged as Told
from desktopmail.wire.imap.condition import Answer, Condition, Tagged
from desktopmail.wire.imap.cutter import LiteralPiece
from desktopmail.wire.imap.enable import EnabledResponse
from desktopmail.wire.imap.server import BadCommand, CommandReceived, ServerConnection
from desktopmail.wire.imap.state import State
from desktopmail.wire.imap.writer import ANY_SIZE, Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from desktopmail.wire.imap.client_events import Event as ClientEvent
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.server import Event as ServerEvent
    from desktopmail.wire.output import Segment

MARK = "* OK this is what follows\r\n"
NOT_YET = frozenset({b"STARTTLS", b"LOGIN", b"AUTHENTICATE"})


def octets_of(segments: Iterable[Segment | None]) -> bytes:
    """What is sent, secrets and all."""
    return b"".join(segment.octets for segment in segments if segment is not None)


def encoded(command: Command, *, utf8: bool = False) -> bytes:
    """A command as a client with LITERAL+ and BINARY writes it, without tag and CRLF."""
    writer = Writer(utf8=utf8, non_sync_octets=ANY_SIZE, binary=True)
    command.encode(writer)
    return octets_of(writer.finish())[:-2]


def answered(value: UntaggedResponse, *, utf8: bool = False) -> bytes:
    """A response as a server writes it, without `* ` and CRLF."""
    writer = Writer(server=True, utf8=utf8)
    value.encode(writer)
    return octets_of(writer.finish())[:-2]


def new_server(state: State = State.SELECTED, *, utf8: bool = False) -> ServerConnection:
    """A server's machine in a state."""
    server = ServerConnection()
    early = state in {State.NOT_AUTHENTICATED, State.LOGOUT}
    server.send(Answer(Condition.OK if early else Condition.PREAUTH, None, "hello"))
    if utf8:
        server.send(EnabledResponse(frozenset({"UTF8=ACCEPT"})))
    server.take_output()
    server.state = state
    return server


def new_client(
    state: State = State.SELECTED, *, utf8: bool = False, stream_over_octets: int | None = None
) -> ClientConnection:
    """A client's machine in a state."""
    client = ClientConnection(stream_over_octets=stream_over_octets)
    early = state is State.NOT_AUTHENTICATED
    client.receive(b"* OK hello\r\n" if early else b"* PREAUTH hello\r\n")
    assert client.next_event() is not None
    if utf8:
        client.enabled = frozenset({"UTF8=ACCEPT"})
    client.state = state
    return client


def server_events(server: ServerConnection, octets: Iterable[bytes]) -> Iterator[ServerEvent]:
    """What a server sees of octets; every command is answered with OK at once."""
    for piece in octets:
        server.receive(piece)
        while (event := server.next_event()) is not None:
            yield event
            if isinstance(event, CommandReceived):
                server.send(Tagged(event.tag, Condition.NO, None, "not now"))
            elif isinstance(event, BadCommand):
                server.send(event.refusal)


def client_events(client: ClientConnection, octets: Iterable[bytes]) -> list[ClientEvent]:
    """What a client sees of octets."""
    events: list[ClientEvent] = []
    for piece in octets:
        client.receive(piece)
        while (event := client.next_event()) is not None:
            events.append(event)
    return events


def cuts(octets: bytes) -> Iterator[list[bytes]]:
    """The octets whole, octet by octet, and in two pieces at some places."""
    yield [octets]
    yield [octets[place : place + 1] for place in range(len(octets))]
    for place in range(1, len(octets), max(1, len(octets) // 5)):
        yield [octets[:place], octets[place:]]


def read_command(octets: bytes, *, utf8: bool = False) -> Command:
    """Read one command in every way it can arrive; all have to agree.

    Args:
        octets: The command without tag and CRLF.
        utf8: UTF8=ACCEPT was enabled.
    """
    name = octets.split(b" ", 1)[0].upper()
    state = State.NOT_AUTHENTICATED if name in NOT_YET else State.SELECTED
    line = b"a1 " + octets + b"\r\n"
    seen: list[Command] = []
    for pieces in cuts(line):
        (event,) = server_events(new_server(state, utf8=utf8), pieces)
        assert isinstance(event, CommandReceived), event
        seen.append(event.command)
    first, second = server_events(new_server(state, utf8=utf8), [line + b"a2 NOOP\r\n"])
    assert isinstance(first, CommandReceived)
    assert second.tag == "a2"  # type: ignore[union-attr]
    assert all(command == first.command for command in seen)
    return first.command


def refused_command(octets: bytes, state: State = State.SELECTED) -> BadCommand:
    """Read one command that has to be refused, and see that the next is none the worse."""
    line = b"a1 " + octets + b"\r\n"
    for pieces in cuts(line):
        (event,) = server_events(new_server(state), pieces)
        assert isinstance(event, BadCommand), event
    first, second = server_events(new_server(state), [line + b"a2 NOOP\r\n"])
    assert isinstance(first, BadCommand)
    assert isinstance(second, CommandReceived)
    assert second.tag == "a2"
    return first


def read_response(octets: bytes, *, utf8: bool = False) -> UntaggedResponse:
    """Read one untagged response in every way it can arrive; all have to agree.

    Args:
        octets: The response without `* ` and CRLF.
        utf8: UTF8=ACCEPT was enabled.
    """
    value = told(octets, utf8=utf8)
    assert isinstance(value, Told), value
    return value.value


def told(octets: bytes, *, utf8: bool = False) -> ClientEvent:
    """Read one untagged response in every way it can arrive, malformed ones included."""
    line = b"* " + octets + b"\r\n"
    seen: list[ClientEvent] = []
    for pieces in cuts(line):
        (event,) = client_events(new_client(utf8=utf8), pieces)
        seen.append(event)
    first, second = client_events(new_client(utf8=utf8), [line + MARK.encode()])
    assert isinstance(second, Told)
    assert all(event == first for event in seen)
    return first


def malformed(octets: bytes) -> str:
    """Read one response that cannot be read, and return why."""
    event = told(octets)
    assert isinstance(event, Malformed), event
    return event.reason


def command_both_ways(octets: bytes, command: Command, *, utf8: bool = False) -> None:
    """The octets are read as the command, and the command is written as the octets."""
    assert read_command(octets, utf8=utf8) == command
    assert encoded(command, utf8=utf8) == octets


def response_both_ways(octets: bytes, value: UntaggedResponse, *, utf8: bool = False) -> None:
    """The octets are read as the value, and the value is written as the octets."""
    assert read_response(octets, utf8=utf8) == value
    assert answered(value, utf8=utf8) == octets


def poured(events: Iterable[ClientEvent]) -> bytes:
    """The octets of the literals that were streamed."""
    found = [event for event in events if isinstance(event, LiteralBegins | LiteralPiece)]
    return b"".join(event.octets for event in found if isinstance(event, LiteralPiece))
