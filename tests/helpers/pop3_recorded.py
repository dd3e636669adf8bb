"""Recorded POP3 dialogues (`C: …`, `S: …`): reading them, and replaying them on both machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.pop3.auth import Auth, decode_base64
from desktopmail.wire.pop3.client import ClientConnection
from desktopmail.wire.pop3.command import CommandSyntaxError, Follows
from desktopmail.wire.pop3.data import DataReader
from desktopmail.wire.pop3.events import Malformed, Received, Responded
from desktopmail.wire.pop3.greeting import Greeting
from desktopmail.wire.pop3.reply import Reply
from desktopmail.wire.pop3.server import ServerConnection
from desktopmail.wire.pop3.table import parse_command
from tests.helpers.pop3 import client_events, out, splits

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.wire.pop3.events import ClientEvent


@dataclass(frozen=True, slots=True)
class Turn:
    """What the client said (b"" before the greeting), and what the server answered."""

    client: bytes
    server: bytes


def read_dialogue(path: Path) -> list[Turn]:
    """Read a file of `C: ` and `S: ` lines; those that begin with `#` are remarks."""
    turns: list[Turn] = []
    for line in path.read_bytes().split(b"\n"):
        sender, _, text = line.partition(b": ")
        if line.startswith(b"#") or not line:
            continue
        octets = (text if sender in {b"C", b"S"} else b"") + b"\r\n"
        if sender == b"C" or not turns:
            turns.append(Turn(octets if sender == b"C" else b"", b""))
        if sender != b"C":
            turns[-1] = Turn(turns[-1].client, turns[-1].server + octets)
    return turns


def replay_on_client(turns: list[Turn], split: int) -> list[ClientEvent]:
    """Say and hear the dialogue as the client; returns what happened.

    Lines that no client of ours would send are left out, with their answers.
    """
    client = ClientConnection()
    events = client_events(client, splits(turns[0].server)[split])
    exchange = False
    for turn in turns[1:]:
        line = turn.client.removesuffix(b"\r\n")
        if exchange:
            if line == b"*":
                client.cancel()
            else:
                client.respond(decode_base64(line))
        else:
            try:
                command = parse_command(line)
                client.send(command)
            except (CommandSyntaxError, LocalProtocolError):
                continue
            exchange = isinstance(command, Auth)
        assert out(client) == turn.client
        events += client_events(client, splits(turn.server)[split])
        exchange = exchange and turn.server.startswith(b"+ ")
        assert client.waiting == exchange
    return events


def replay_on_server(turns: list[Turn], split: int) -> None:
    """Hear the dialogue as the server, and say what the recorded one said, octet for octet."""
    server = ServerConnection()
    server.greet(Greeting.parse(turns[0].server.removesuffix(b"\r\n")))
    assert out(server) == turns[0].server
    for turn in turns[1:]:
        event = None
        for piece in splits(turn.client)[split]:
            assert event is None
            server.receive(piece)
            event = server.next_event()
        status, _, rest = turn.server.partition(b"\r\n")
        if status.startswith(b"+ "):
            server.challenge(decode_base64(status[2:]))
        elif isinstance(event, Received) and rest and event.command.follows is Follows.DATA:
            message, _, ended = DataReader().cut(bytearray(rest), 0)
            assert ended
            server.send_message(Reply.parse(status), message)
        elif isinstance(event, Received) and rest:
            lines, _, ended = DataReader().cut(bytearray(rest), 0)
            assert ended
            server.send_listing(Reply.parse(status), lines)
        else:
            assert isinstance(event, Received | Malformed | Responded)
            server.send(Reply.parse(status))
        assert out(server) == turn.server
