"""IDLE: news come at once."""

from __future__ import annotations

import asyncio

from tests.helpers.imap_dialogue import Dialogue, another, logged_in, mail


async def _idle(dialogue: Dialogue) -> None:
    await dialogue.send(b"i IDLE\r\n")
    assert (await dialogue.line()).startswith(b"+")


async def test_new_mail_is_pushed_within_ten_milliseconds() -> None:
    async with logged_in() as dialogue:
        await _idle(dialogue)
        loop = asyncio.get_running_loop()
        waits = []
        for number in range(1, 21):
            await dialogue.server.deliver_async("alice", mail("a"))
            stored = loop.time()
            assert await dialogue.line() == b"* %d EXISTS" % number
            waits.append(loop.time() - stored)
            assert await dialogue.line() == b"* %d RECENT" % number
        assert sorted(waits)[len(waits) // 2] < 0.01
        await dialogue.send(b"DONE\r\n")
        assert (await dialogue.answers(b"i"))[-1].startswith("OK")


async def test_expunges_and_flags_of_another_session_are_pushed() -> None:
    async with logged_in(messages=[mail("a"), mail("b")]) as first, another(first) as second:
        await _idle(first)
        await second.run(r"STORE 2 +FLAGS (\Flagged)")
        assert (await first.line()).startswith(rb"* 2 FETCH (UID 2 FLAGS (\Flagged")
        await second.run(r"STORE 1 +FLAGS (\Deleted)")
        assert b"Deleted" in await first.line()
        await second.run("EXPUNGE")
        assert await first.line() == b"* 1 EXPUNGE"


async def test_anything_but_done_is_bad_and_the_session_goes_on() -> None:
    async with logged_in() as dialogue:
        await _idle(dialogue)
        await dialogue.send(b"x NOOP\r\n")
        assert (await dialogue.answers(b"i"))[-1].startswith("BAD")
        assert (await dialogue.run("NOOP"))[-1].startswith("OK")


async def test_without_a_mailbox_idle_waits_for_done() -> None:
    async with logged_in(select=None) as dialogue:
        await _idle(dialogue)
        await dialogue.send(b"done\r\n")
        assert (await dialogue.answers(b"i"))[-1].startswith("OK")


async def test_the_transcript_shows_what_ended_it() -> None:
    async with logged_in() as dialogue:
        for said in (b"DONE", b"NOOP"):
            await _idle(dialogue)
            await dialogue.send(said + b"\r\n")
            await dialogue.answers(b"i")
        shown = dialogue.server.transcript.commands("imap")
        assert shown[-4:] == ["IDLE", "DONE", "IDLE", "(not understood)"]
