"""Dialogues recorded from Dovecot, replayed on both machines, whole and octet by octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktopmail.wire.pop3.capability import Capa
from desktopmail.wire.pop3.events import Answered, Data, Greeted
from desktopmail.wire.pop3.listing import DropListing, List, Stat, Uidl
from desktopmail.wire.pop3.login import Pass
from desktopmail.wire.pop3.message import Retr, Top
from tests.helpers.pop3_recorded import read_dialogue, replay_on_client, replay_on_server

FOLDER = Path(__file__).parent / "pop3"
DIALOGUES = [pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob("*.txt"))]


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize("path", DIALOGUES)
def test_the_client_understands_every_answer(path: Path, split: int) -> None:
    events = replay_on_client(read_dialogue(path), split)
    assert isinstance(events[0], Greeted)
    last = events[-1]
    assert isinstance(last, Answered)
    assert last.command.keyword == b"QUIT"
    assert last.reply.ok


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize("path", DIALOGUES)
def test_the_server_would_have_said_the_same_octets(path: Path, split: int) -> None:
    replay_on_server(read_dialogue(path), split)


def test_what_the_whole_session_means() -> None:
    events = replay_on_client(read_dialogue(FOLDER / "dovecot-whole-session.txt"), 0)
    answers = {event.command: event for event in events if isinstance(event, Answered)}
    data = {event.command: event.octets for event in events if isinstance(event, Data)}
    one = b"Subject: one\r\n\r\n.dot\r\n..\r\n\r\nlast\r\n"
    two = b"Subject: two\r\n\r\nbody without a line end\r\n"
    three = b"Subject: three\r\n\r\n"
    assert data == {
        Retr(1): one,
        Retr(2): two,
        Retr(3): three,
        Top(1, 2): b"Subject: one\r\n\r\n.dot\r\n..\r\n",
        Top(3, 9): three,
    }
    sizes = answers[List()].result
    assert isinstance(sizes, dict)
    assert set(sizes) == {1, 2, 3}
    assert (sizes[1], sizes[3]) == (len(one), len(three))
    assert answers[Stat()].result == DropListing(3, sum(sizes.values()))
    uidls = answers[Uidl()].result
    assert isinstance(uidls, dict)
    assert answers[Uidl(1)].result == {1: uidls[1]}
    capabilities = answers[Capa()].result
    assert capabilities is not None


def test_what_the_refusals_mean() -> None:
    events = replay_on_client(read_dialogue(FOLDER / "dovecot-refusals.txt"), 0)
    refused = [event for event in events if isinstance(event, Answered) and not event.reply.ok]
    assert any(isinstance(event.command, Pass) and event.reply.code == "AUTH" for event in refused)
    assert any(event.command == Retr(99) for event in refused)
