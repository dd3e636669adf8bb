"""The pump of an IMAP connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.errors import ClosedError, NetError, RefusedError
from desktopmail.net.imap_dialogue import Dialogue
from desktopmail.net.imap_running import Running
from desktopmail.net.memory import stream_pair
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.compress import Compress, Deflater
from desktopmail.wire.imap.fetch import Fetch
from desktopmail.wire.imap.fetch_item import Item
from desktopmail.wire.imap.noop import Noop
from desktopmail.wire.imap.select import ExistsResponse, Select
from desktopmail.wire.imap.sequence import SeqSet, UidSet

if TYPE_CHECKING:
    from desktopmail.net.stream import Stream
    from desktopmail.wire.imap.condition import Tag


async def begun(*, segment_octets: int = 65536) -> tuple[Dialogue, Stream]:
    near, far = stream_pair(segment_octets=segment_octets)
    dialogue = Dialogue(near, "mail.example.test:143", tls=False, timeout_s=5)
    far.write(b"* PREAUTH [CAPABILITY IMAP4rev1] hi\r\n")
    await dialogue.greeting()
    dialogue.start()
    return dialogue, far


async def test_commands_wait_for_their_turn_and_go_out_in_order() -> None:
    dialogue, far = await begun()
    sequence = Fetch(SeqSet.all(), (Item.UID,))
    select = dialogue.ask(Running(Select("INBOX")))
    uids = dialogue.ask(Running(Fetch(UidSet.all(), (Item.UID,))))
    waits = dialogue.ask(Running(sequence))
    behind = dialogue.ask(Running(Noop()))
    await asyncio.sleep(0.01)
    assert await far.read() == b"A1 SELECT INBOX\r\nA2 UID FETCH 1:* (UID)\r\n"
    assert waits.tag is behind.tag is None
    far.write(b"A1 OK x\r\nA2 OK x\r\n")
    await dialogue.answer(select)
    await dialogue.answer(uids)
    assert await far.read() == b"A3 FETCH 1:* (UID)\r\nA4 NOOP\r\n"
    far.write(b"A3 OK x\r\nA4 OK x\r\n")
    await dialogue.answer(behind)
    await dialogue.aclose()
    await far.aclose()


async def test_a_command_that_became_impossible_is_told_to_whoever_asked() -> None:
    dialogue, far = await begun()
    select = dialogue.ask(Running(Select("INBOX")))
    waits = dialogue.ask(Running(Fetch(SeqSet.all(), (Item.UID,))))
    far.write(b"A1 NO no\r\n")
    with pytest.raises(RefusedError):
        await dialogue.answer(select)
    with pytest.raises((NetError, LocalProtocolError)):
        await dialogue.answer(waits)
    assert dialogue.is_usable
    await dialogue.aclose()
    await far.aclose()


async def test_what_nobody_claims_is_told() -> None:
    dialogue, far = await begun(segment_octets=3)
    told: list[object] = []
    claimed: list[object] = []
    dialogue.told = told.append

    def claim(value: object, tag: Tag) -> bool:
        claimed.append((value, tag))
        return value == ExistsResponse(5)

    running = dialogue.ask(Running(Noop(), claim))
    far.write(b"* 4 EXISTS\r\n* 5 EXISTS\r\nA1 OK x\r\n")
    await dialogue.answer(running)
    assert told == [ExistsResponse(4)]
    assert claimed == [(ExistsResponse(4), "A1"), (ExistsResponse(5), "A1")]
    await dialogue.aclose()
    await far.aclose()


async def test_a_command_that_was_not_sent_yet_can_be_taken_back() -> None:
    dialogue, far = await begun()
    dialogue.ask(Running(Select("a")))
    waits = dialogue.ask(Running(Select("b")))
    dialogue.forget(waits)
    assert await far.read() == b"A1 SELECT a\r\n"
    noop = dialogue.ask(Running(Noop()))
    far.write(b"A1 OK x\r\nA2 OK x\r\n")
    await dialogue.answer(noop)
    assert await far.read() == b"A2 NOOP\r\n"
    await dialogue.aclose()
    await far.aclose()


async def test_after_the_end_nothing_can_be_asked() -> None:
    dialogue, far = await begun()
    ended: list[NetError | None] = []
    dialogue.ended = ended.append
    await far.aclose()
    await asyncio.sleep(0.02)
    with pytest.raises(ClosedError):
        dialogue.ask(Running(Noop()))
    assert len(ended) == 1
    assert not dialogue.is_usable
    await dialogue.aclose()


async def test_what_a_compressed_read_unpacks_to_is_taken_step_by_step() -> None:
    dialogue, far = await begun()
    compress = dialogue.ask(Running(Compress()))
    assert await far.read() == b"A1 COMPRESS DEFLATE\r\n"
    told: list[object] = []
    turns: list[int] = []
    dialogue.told = told.append
    packer = Deflater(9)
    far.write(b"A1 OK x\r\n" + packer.send(b"* 4 EXISTS\r\n" * 200_000 + b"A2 OK x\r\n"))
    await dialogue.answer(compress)
    noop = dialogue.ask(Running(Noop()))
    while not noop.ended.done():
        turns.append(len(told))
        await asyncio.sleep(0)
    await dialogue.answer(noop)
    assert len(told) == 200_000
    # Somebody else had a turn while the 2.4 MB were taken.
    assert len({count for count in turns if 0 < count < 200_000}) > 3
    await dialogue.aclose()
    await far.aclose()
