"""Dialogues recorded from Postfix and Exim, replayed on both machines, whole and octet by octet."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktopmail.wire.smtp.control import Data, Quit
from desktopmail.wire.smtp.events import Answer, EndOfData, Greeting
from desktopmail.wire.smtp.rcpt import Rcpt
from tests.helpers.smtp_recorded import read_dialogue, replay_on_client, replay_on_server

FOLDER = Path(__file__).parent / "smtp"
DIALOGUES = [pytest.param(path, id=path.stem) for path in sorted(FOLDER.glob("*.txt"))]
SERVERS = ["postfix", "exim"]


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize("path", DIALOGUES)
def test_the_client_understands_every_answer(path: Path, split: int) -> None:
    events = replay_on_client(read_dialogue(path), split)
    assert isinstance(events[0], Greeting)
    last = events[-1]
    assert isinstance(last, Answer)
    assert last.command == Quit()
    assert last.reply.code == 221


@pytest.mark.parametrize("split", [0, 1])
@pytest.mark.parametrize("path", DIALOGUES)
def test_the_server_refuses_what_they_refuse(path: Path, split: int) -> None:
    for line, recorded, ours in replay_on_server(read_dialogue(path), split):
        assert recorded // 100 == ours // 100, line


def test_there_are_dialogues_of_both() -> None:
    for server in SERVERS:
        assert len(list(FOLDER.glob(f"{server}-*.txt"))) >= 4


@pytest.mark.parametrize("server", SERVERS)
def test_what_the_whole_session_means(server: str) -> None:
    events = replay_on_client(read_dialogue(FOLDER / f"{server}-whole-session.txt"), 0)
    answers = [event for event in events if isinstance(event, Answer)]
    rcpts = [each.reply for each in answers if isinstance(each.command, Rcpt)]
    assert [each.positive for each in rcpts] == [True, False, False]
    (accepted,) = [each.reply for each in answers if isinstance(each.command, EndOfData)]
    assert accepted.code == 250


@pytest.mark.parametrize("server", SERVERS)
def test_pipelined_replies_find_their_commands(server: str) -> None:
    events = replay_on_client(read_dialogue(FOLDER / f"{server}-pipelined.txt"), 0)
    codes = [e.reply.code for e in events if isinstance(e, Answer) and e.command == Data()]
    assert codes == [354]
