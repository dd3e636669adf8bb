"""The turns of others while a session searches, sorts and threads."""

from __future__ import annotations

import asyncio

import pytest

from localserver import steps
from localserver.imap import meanwhile, search
from localserver.imap.meanwhile import Meanwhile
from localserver.store import look
from tests.helpers.imap_dialogue import another, logged_in, mail

MESSAGES = [mail("Meeting on Monday"), mail("Lunch"), mail("encoded")]


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[Meanwhile]:
    """Give others a turn behind each step, and list those that they had."""
    given: list[Meanwhile] = []
    real = Meanwhile.__call__

    async def counted(self: Meanwhile) -> None:
        given.append(self)
        await real(self)

    monkeypatch.setattr(steps, "PIECE_S", 0.0)
    monkeypatch.setattr(steps, "STEP", 1)
    monkeypatch.setattr(search, "_AT_ONCE", (0, 0, 0))
    monkeypatch.setattr(meanwhile.Meanwhile, "__call__", counted)
    return given


@pytest.mark.parametrize(
    ("command", "passes", "answer"),
    [
        ("SEARCH ALL", 1, "SEARCH 1 2 3"),
        ("SORT (SUBJECT) UTF-8 ALL", 4, "SORT 3 2 1"),
        ("THREAD REFERENCES UTF-8 ALL", 8, "THREAD (1)(2)(3)"),
        ("THREAD ORDEREDSUBJECT UTF-8 ALL", 6, "THREAD (1)(2)(3)"),
    ],
)
async def test_others_have_their_turn_behind_each_message_of_a_large_mailbox(
    command: str, passes: int, answer: str, turns: list[Meanwhile]
) -> None:
    async with logged_in(messages=MESSAGES) as dialogue:
        assert (await dialogue.run(command))[0] == f"* {answer}"
    assert len(turns) >= 3 * passes


@pytest.mark.parametrize("key", ["TEXT", "BODY", "HEADER X-Ticket"])
async def test_others_have_their_turn_within_a_large_message(
    key: str, turns: list[Meanwhile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "_LARGE_OCTETS", 0)
    monkeypatch.setattr(look, "_PIECE_OCTETS", 100)
    async with logged_in(messages=[mail("large", "x" * 10_000)]) as dialogue:
        keys = " ".join(f"NOT {key} absent{number}" for number in range(10))
        assert (await dialogue.run(f"SEARCH {keys}"))[0] == "* SEARCH 1"
    assert len(turns) >= (10 if key.startswith("HEADER") else 1000)


async def test_a_large_message_that_goes_while_it_is_looked_through_is_not_found(
    turns: list[Meanwhile], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "_LARGE_OCTETS", 0)
    monkeypatch.setattr(look, "_PIECE_OCTETS", 100)
    messages = [mail("large", "x" * 10_000), mail("other", "y")]
    async with logged_in(messages=messages) as dialogue, another(dialogue) as device:
        await dialogue.send(b"s SEARCH NOT BODY absent\r\n")
        while len(turns) < 5:
            await asyncio.sleep(0)
        assert (await device.run(r"STORE 1 +FLAGS.SILENT (\Deleted)"))[-1].startswith("OK")
        assert (await device.run("EXPUNGE"))[-1].startswith("OK")
        lines = await dialogue.answers(b"s")
        assert lines[0] == "* SEARCH 2"
