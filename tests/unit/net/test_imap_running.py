"""Commands on their way, and how long a server may be silent to them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import NetError, ProtocolViolationError
from desktopmail.net.imap_running import IDLE_TIMEOUT_S, Running
from desktopmail.wire.imap import limits
from desktopmail.wire.imap.condition import Condition, Tag, Tagged
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.status import StatusItem
from tests.helpers.imap_script import CAPABLE, HOST, scripted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.net.imap import ImapClient


async def test_silence_is_borne_for_as_long_as_an_answer_may_take() -> None:
    assert Running(Noop()).patience_s(120) == 120


async def test_nothing_is_due_while_octets_are_poured_into_a_command() -> None:
    assert Running(Noop(), pours=True).patience_s(120) is None


async def test_an_idle_may_be_silent_between_its_beginning_and_done() -> None:
    idle = Running(Idle())
    assert idle.patience_s(120) == IDLE_TIMEOUT_S
    assert idle.patience_s(1) == 1
    idle.challenges.append(b"idling")
    assert idle.patience_s(120) is None
    idle.said_done = True
    assert idle.patience_s(120) == IDLE_TIMEOUT_S


async def test_who_waits_for_a_command_is_woken_by_its_end() -> None:
    running = Running(Noop())
    tagged = Tagged(Tag("a"), Condition.OK)

    async def end() -> None:
        running.end(tagged)

    await asyncio.gather(running.changed(), end())
    running.fail(NetError("too late", code="closed"))  # its end was known already
    assert await running.ended is tagged


async def test_a_failed_command_raises_to_who_waits_and_warns_nobody_else() -> None:
    running = Running(Noop())
    running.fail(NetError("gone", code="closed"))
    with pytest.raises(NetError, match="gone"):
        await running.ended
    Running(Noop()).fail(NetError("gone", code="closed"))


async def _list(client: ImapClient) -> object:
    return await client.list(status=(StatusItem.MESSAGES,))


async def _status(client: ImapClient) -> object:
    return await client.status("a", (StatusItem.MESSAGES,))


async def _select(client: ImapClient) -> object:
    return await client.select("a")


async def _fetch(client: ImapClient) -> object:
    return [one async for one in client.uid_fetch(UidSet.span(1), (Item.SIZE,))]


@pytest.mark.parametrize("limit", ["MAX_ANSWERS", "MAX_GATHERED_OCTETS"])
@pytest.mark.parametrize(
    ("ask", "said", "answer"),
    [
        (_list, 'LIST "" * RETURN (STATUS (MESSAGES))', '* LIST () "/" a'),
        (_list, 'LIST "" * RETURN (STATUS (MESSAGES))', "* STATUS a (MESSAGES 3)"),
        (_status, "STATUS a (MESSAGES)", "* STATUS a (MESSAGES 3)"),
        (_select, "SELECT a", "* 7 FETCH (UID 7 FLAGS ())"),
        (_fetch, "UID FETCH 1:* (RFC822.SIZE)", "* 7 FETCH (UID 7 RFC822.SIZE 3)"),
    ],
)
async def test_an_answer_that_has_no_end_ends_the_connection_with_one_sentence(
    ask: Callable[[ImapClient], Awaitable[object]],
    said: str,
    answer: str,
    limit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verb = " ".join(said.split()[: 2 if "UID" in said else 1])
    for name in ("MAX_ANSWERS", "MAX_ANSWERS_OF_MESSAGES", "MAX_FOUND"):
        monkeypatch.setattr(limits, name, 20 if limit == "MAX_ANSWERS" else 1000)
    monkeypatch.setattr(limits, "MAX_GATHERED_OCTETS", 800 if "OCTETS" in limit else 10_000)
    select = "C: A1 SELECT b\nS: A1 OK x\n" if verb.startswith("UID") else ""
    tag = "A2" if select else "A1"
    enough = f"S: {answer}\n" * 20
    is_taken = ask is _fetch and "OCTETS" in limit  # as it comes, whatever its size
    flood = enough * 3 + (f"S: {tag} OK x\n" if is_taken else "*: wait\n")
    async with scripted(CAPABLE + select + f"C: {tag} {said}\n" + flood) as client:
        if select:
            await client.select("b")
        if is_taken:
            await ask(client)
            return
        with pytest.raises(ProtocolViolationError) as caught:
            await ask(client)
        name = "FETCH" if ask is _fetch else verb
        assert caught.value.sentence == (
            f"{HOST}:143 does not speak IMAP as it should: its answer to {name} has no end."
        )


async def test_an_answer_of_any_size_that_servers_give_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_ANSWERS", 40)
    monkeypatch.setattr(limits, "MAX_GATHERED_OCTETS", 4_000)
    numbers = "".join(f'S: * LIST () "/" {n}\nS: * STATUS {n} (MESSAGES 3)\n' for n in range(20))
    said = 'LIST "" * RETURN (STATUS (MESSAGES))'
    text = "".join(f"C: A{n} {said}\n{numbers}S: A{n} OK x\n" for n in (1, 2, 3))
    async with scripted(CAPABLE + text) as client:
        for _ in range(3):  # each is counted by itself
            assert len(await _list(client)) == 20  # type: ignore[arg-type]
