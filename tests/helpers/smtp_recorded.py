"""Recorded SMTP dialogues (`C: …`, `S: …`): reading them, and replaying them on both machines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.smtp.auth import Auth, AuthCancel, AuthResponse
from desktopmail.wire.smtp.client import ClientConnection, Sending
from desktopmail.wire.smtp.command import parse_command
from desktopmail.wire.smtp.events import Answer, BadCommand, Closed, Greeting, MessageData
from desktopmail.wire.smtp.extensions import Extensions
from desktopmail.wire.smtp.hello import Hello
from desktopmail.wire.smtp.parameters import CommandError
from desktopmail.wire.smtp.reply import Reply, ReplyReader
from desktopmail.wire.smtp.server import ServerConnection
from tests.helpers.splits import octet_by_octet, whole

if TYPE_CHECKING:
    from pathlib import Path

SPLITS = [whole, octet_by_octet]


@dataclass(frozen=True, slots=True)
class Turn:
    """What the client said at once (nothing before the greeting), and what the server answered."""

    client: tuple[bytes, ...]
    server: bytes

    @property
    def replies(self) -> list[Reply]:
        """The answer, reply by reply."""
        reader = ReplyReader()
        reader.receive(self.server)
        found = []
        while (each := reader.next_reply()) is not None:
            found.append(each)
        assert reader.empty
        return found


def read_dialogue(path: Path) -> list[Turn]:
    """Read a file of `C: ` and `S: ` lines; those that begin with `#` are remarks."""
    turns: list[Turn] = []
    heard = True
    for line in path.read_bytes().split(b"\n"):
        sender, _, text = line.partition(b": ")
        if sender == b"C" or line == b"C:":
            if heard:
                turns.append(Turn((), b""))
            turns[-1] = Turn((*turns[-1].client, text), turns[-1].server)
            heard = False
        elif sender == b"S":
            if not turns:
                turns.append(Turn((), b""))
            turns[-1] = Turn(turns[-1].client, turns[-1].server + text + b"\r\n")
            heard = True
    return turns


def replay_on_client(turns: list[Turn], split: int) -> list[Answer | Greeting]:
    """Say and hear the dialogue as the client; returns what happened.

    Lines that no client of ours would send are left out, with their answers.
    """
    client = ClientConnection()
    events: list[Answer | Greeting] = []
    for turn in turns:
        if turn.client and not _say(client, turn.client):
            continue
        for piece in SPLITS[split](turn.server):
            client.receive(piece)
            while (event := client.next_event()) is not None:
                assert isinstance(event, Answer | Greeting), event
                events.append(event)
        assert client.waiting == 0
    return events


def _say(client: ClientConnection, lines: tuple[bytes, ...]) -> bool:
    if client._sending is Sending.DATA:
        assert lines[-1] == b"."
        unstuffed = [line.removeprefix(b".") if line[:1] == b"." else line for line in lines[:-1]]
        client.send_data(b"".join(line + b"\r\n" for line in unstuffed))
        client.end_data()
    elif client._sending is Sending.AUTH:
        client.send(AuthCancel() if lines == (b"*",) else AuthResponse(b""))
    else:
        try:
            for line in lines:
                if line.endswith(b"<initial response>"):
                    client.send(Auth(line.split()[1].decode(), b"\0tim\0x", "<initial response>"))
                else:
                    client.send(parse_command(line))
        except (CommandError, LocalProtocolError):
            assert len(lines) == 1, lines
            return False
    said = b"".join(segment.redacted for segment in client.take_output())
    if b"octets of the message" not in said:
        assert said == b"".join(line + b"\r\n" for line in lines)
    return True


def replay_on_server(turns: list[Turn], split: int) -> list[tuple[bytes, int, int]]:
    """Hear the dialogue as the server, and answer as the recorded one did.

    Returns:
        Line, recorded code and our own code, where our machine answers without being asked.
    """
    server = ServerConnection(max_message_octets=20_000_000)
    server.open(turns[0].replies[0])
    own: list[tuple[bytes, int, int]] = []
    for turn in turns[1:]:
        lines = b"".join(line + b"\r\n" for line in turn.client)
        replies = turn.replies
        for piece in SPLITS[split](lines.replace(b"<initial response>", b"AAAA")):
            server.receive(piece)
            while (event := server.next_event()) is not None:
                if isinstance(event, MessageData):
                    continue
                assert not isinstance(event, Closed)
                answer = replies.pop(0)
                if isinstance(event, BadCommand):
                    own.append((event.line, answer.code, event.reply.code))
                    server.send(event.reply)
                elif isinstance(event, Hello) and answer.positive:
                    server.greet(Extensions.parse(answer))
                else:
                    server.send(answer)
        assert replies == []
    return own
