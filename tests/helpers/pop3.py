"""Both machines of POP3 at hand: feeding, collecting, and joining them back to back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.events import Answered, Closed, Data
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.login import Pass, User
from desktopmail.wire.pop3.reply import ok
from desktopmail.wire.pop3.server import ServerConnection
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desktopmail.wire.pop3.events import ClientEvent, ServerEvent
    from desktopmail.wire.pop3.table import AnyCommand

# RFC 1939 section 7, the example of APOP.
RFC_GREETING = b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>"


def out(machine: ClientConnection | ServerConnection) -> bytes:
    """Take what a machine wants to send."""
    return b"".join(segment.octets for segment in machine.take_output())


def shown(machine: ClientConnection | ServerConnection) -> bytes:
    """Take what a transcript would show of it."""
    return b"".join(segment.redacted for segment in machine.take_output())


def splits(octets: bytes) -> list[list[bytes]]:
    """Whole, and octet by octet."""
    return [[octets], [bytes([octet]) for octet in octets]]


def client_events(machine: ClientConnection, pieces: Iterable[bytes]) -> list[ClientEvent]:
    """Feed pieces; return the events, with the pieces of one message joined."""
    events: list[ClientEvent] = []
    for piece in pieces:
        machine.receive(piece)
        while (event := machine.next_event()) is not None:
            if isinstance(event, Closed):
                return [*events, event]
            last = events[-1] if events else None
            if isinstance(event, Data) and isinstance(last, Data) and not last.is_last:
                events[-1] = Data(event.command, last.octets + event.octets, event.is_last)
            else:
                events.append(event)
    return events


def client_in_transaction() -> ClientConnection:
    """A client's machine that has logged in."""
    client = ClientConnection()
    client_events(client, [RFC_GREETING + b"\r\n"])
    client.send(User("mrose"))
    client_events(client, [b"+OK\r\n"])
    client.send(Pass(Secret("tanstaaf")))
    client_events(client, [b"+OK\r\n"])
    out(client)
    return client


def server_ready() -> ServerConnection:
    """A server's machine that has greeted."""
    server = ServerConnection()
    server.greet(Greeting.parse(RFC_GREETING))
    out(server)
    return server


def server_in_transaction() -> ServerConnection:
    """A server's machine whose client has logged in."""
    server = server_ready()
    for line in (b"USER mrose\r\n", b"PASS tanstaaf\r\n"):
        server.receive(line)
        assert server.next_event() is not None
        server.send(ok())
    out(server)
    return server


def server_event(machine: ServerConnection, pieces: Iterable[bytes]) -> ServerEvent:
    """Feed pieces and return the one event they make; none may come before the last piece."""
    event = None
    for piece in pieces:
        assert event is None, "an event came before its last octet"
        machine.receive(piece)
        event = machine.next_event()
    assert event is not None
    return event


def answer_of(command: AnyCommand, octets: bytes) -> object:
    """What a command's answer means to a client in the TRANSACTION state, however it is split."""
    results = []
    for pieces in [*splits(octets), [octets + b"+OK trailing\r\n"]]:
        client = client_in_transaction()
        client.send(command)
        events = []
        for piece in pieces:
            client.receive(piece)
            event = client.next_event()
            if event is not None:
                events.append(event)
        assert len(events) == 1
        assert isinstance(events[0], Answered)
        results.append(events[0].result)
    assert all(result == results[0] for result in results)
    return results[0]
