"""Dialogues recorded from Dovecot and Courier, replayed on both machines, whole and in pieces."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from desktopmail.wire.imap.bodypart import MultiPart, walk
from desktopmail.wire.imap.client import ClientConnection
from desktopmail.wire.imap.client_events import Greeting, Malformed, Untagged
from desktopmail.wire.imap.condition import Answer, Condition, Tag, Tagged
from desktopmail.wire.imap.enable import EnabledResponse
from desktopmail.wire.imap.fetch_response import FetchResponse
from desktopmail.wire.imap.list import ListResponse
from desktopmail.wire.imap.section import WHOLE
from desktopmail.wire.imap.server import CommandReceived, ServerConnection
from desktopmail.wire.imap.state import State
from tests.conformance.record_imap import BROKEN, NESTED, PLAIN
from tests.helpers.imap import answered, octets_of, read_response

if TYPE_CHECKING:
    from desktopmail.wire.imap.client_events import Event
    from desktopmail.wire.imap.command import Command

FOLDER = Path(__file__).parent / "imap"
DIALOGUES = [pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob("*.txt"))]
TAGGED = re.compile(rb"^(A[0-9]+) (OK|NO|BAD)\b", re.MULTILINE)


def chunks(path: Path) -> list[tuple[bytes, bytes]]:
    """What was said in turns: (b"S" or b"C", octets)."""
    said: list[tuple[bytes, bytes]] = []
    for line in path.read_bytes().removesuffix(b"\n").split(b"\n"):
        if line.startswith(b"#"):
            continue
        sender, octets = line[:1], line[3:] + b"\r\n"
        if said and said[-1][0] == sender:
            said[-1] = (sender, said[-1][1] + octets)
        else:
            said.append((sender, octets))
    return said


def commands_of(path: Path, split: int) -> dict[Tag, Command]:
    """The commands as our server reads them, answered as the other server did."""
    said = chunks(path)
    told = b"".join(octets for sender, octets in said if sender == b"S")
    conditions = {tag: Condition(condition) for tag, condition in TAGGED.findall(told)}
    server = ServerConnection()
    server.send(Answer(Condition.PREAUTH if told.startswith(b"* PREAUTH") else Condition.OK))
    found: dict[Tag, Command] = {}
    for sender, octets in said:
        if sender == b"S":
            continue
        size = split or len(octets)
        for at in range(0, len(octets), size):
            server.receive(octets[at : at + size])
            while (event := server.next_event()) is not None:
                assert isinstance(event, CommandReceived), event
                found[event.tag] = event.command
                server.send(Tagged(event.tag, conditions[event.tag.encode()]))
    assert server.state is State.LOGOUT
    return found


def replay(path: Path, split: int) -> list[Event]:
    """Say the same with our client, and hear the answers in pieces of a size (0: whole)."""
    commands = commands_of(path, 0)
    client = ClientConnection()
    events: list[Event] = []
    said = heard = b""
    for sender, octets in chunks(path):
        if sender == b"C":
            heard += octets
            for line in octets.split(b"\r\n"):
                tag = Tag(line.split(b" ")[0].decode("ascii", "replace"))
                if tag in commands and tag not in {e.tag for e in events if isinstance(e, Tagged)}:
                    assert client.send(commands.pop(tag)) == tag
            said += octets_of(client.take_output())
            continue
        size = split or len(octets)
        for at in range(0, len(octets), size):
            client.receive(octets[at : at + size])
            while (event := client.next_event()) is not None:
                events.append(event)
            said += octets_of(client.take_output())
    assert said == heard
    assert not commands
    assert client.state is State.LOGOUT
    return events


@pytest.mark.parametrize("split", [0, 1, 7])
@pytest.mark.parametrize("path", DIALOGUES)
def test_our_server_understands_every_command(path: Path, split: int) -> None:
    assert commands_of(path, split) == commands_of(path, 0)


@pytest.mark.parametrize("split", [1, 7])
@pytest.mark.parametrize("path", DIALOGUES)
def test_our_client_says_the_same_octets_and_understands_every_answer(
    path: Path, split: int
) -> None:
    events = replay(path, 0)
    assert isinstance(events[0], Greeting)
    assert not [event for event in events if isinstance(event, Malformed)]
    assert replay(path, split) == events


@pytest.mark.parametrize("path", DIALOGUES)
def test_what_our_server_would_say_means_the_same(path: Path) -> None:
    for event in replay(path, 0):
        if isinstance(event, Untagged) and not isinstance(event.value, Answer | EnabledResponse):
            assert read_response(answered(event.value)) == event.value


@pytest.mark.parametrize("path", DIALOGUES)
def test_what_the_answers_mean(path: Path) -> None:
    values = [event.value for event in replay(path, 0) if isinstance(event, Untagged)]
    fetched = [value for value in values if isinstance(value, FetchResponse)]
    contents = [value.section(WHOLE) for value in fetched if value.section(WHOLE) is not None]
    assert contents[:3] == [PLAIN, NESTED, BROKEN]
    envelopes = {value.uid: value.envelope for value in fetched if value.envelope}
    one, two = envelopes[1], envelopes[2]  # type: ignore[index]
    assert one is not None
    assert one.subject == b"one (1) {5}"
    assert one.from_[0][:] == (b"=?utf-8?q?Ren=C3=A9?=", None, b"rene", b"example.org")
    assert two is not None
    assert two.in_reply_to == b"<one@example.org>"
    structures = {value.uid: value.body_structure for value in fetched if value.body_structure}
    nested = structures[2]  # type: ignore[index]
    assert isinstance(nested, MultiPart)
    numbers = {number: part.content_type for number, part in walk(nested)}
    assert numbers[1, 1] == "text/plain"
    assert numbers[2,] == "message/rfc822"
    assert numbers[2, 1] == "text/plain"
    assert numbers[3,] == "application/octet-stream"
    names = {
        value.mailbox.removeprefix("INBOX.") for value in values if isinstance(value, ListResponse)
    }
    assert {"INBOX", "Entwürfe & mehr", 'quo"te \\'} <= names
