"""The IMAP client, against written dialogues."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.net.errors import (
    RefusedError,
    TimedOutError,
)
from tests.helpers.imap_script import CAPABLE, scripted

SELECT = (
    "C: A1 SELECT INBOX\nS: * FLAGS (\\Seen)\nS: * 3 EXISTS\nS: * OK "
    "[UIDVALIDITY 7] x\nS: * OK [UIDNEXT 9] x\nS: A1 OK [READ-WRITE] x\n"
)


async def test_idle_tells_news_and_ends_with_done() -> None:
    text = (
        CAPABLE
        + SELECT
        + ("C: A2 IDLE\nS: + idling\nS: * 4 EXISTS\nC: DONE\nS: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n")
    )
    heard = asyncio.Event()
    async with scripted(text) as client:
        await client.select("INBOX")
        client.told = lambda _value: heard.set()
        async with client.idle():
            await heard.wait()
        await client.noop()


async def test_an_idle_ends_by_itself_when_something_else_is_asked() -> None:
    text = (
        CAPABLE
        + SELECT
        + ("C: A2 IDLE\nS: + idling\nC: DONE\nS: A2 OK x\nC: A3 NOOP\nS: A3 OK x\n")
    )
    async with scripted(text) as client:
        await client.select("INBOX")
        async with client.idle() as idling:
            asked = asyncio.gather(client.noop(), idling.ended())
            await asked


@pytest.mark.parametrize("said", ["", "S: + idling\nC: DONE\n"], ids=["begin", "end"])
async def test_an_idle_that_is_not_answered_ends_the_connection_in_time(said: str) -> None:
    text = CAPABLE + f"C: A1 IDLE\n{said}*: wait\n"
    async with scripted(text, timeout_s=0.2) as client:
        with pytest.raises(TimedOutError, match="did not answer"):
            async with client.idle():
                pass
        assert not client.is_usable


async def test_an_idle_may_be_silent_for_longer_than_an_answer() -> None:
    text = CAPABLE + "C: A1 IDLE\nS: + idling\nC: DONE\nS: A1 OK x\n*: wait\n"
    async with scripted(text, timeout_s=0.1) as client:
        async with client.idle():
            await asyncio.sleep(0.3)
        assert client.is_usable


async def test_an_idle_that_is_refused_is_told() -> None:
    async with scripted(CAPABLE + "C: A1 IDLE\nS: A1 NO no\n") as client:
        with pytest.raises(RefusedError):
            async with client.idle():
                pytest.fail("it never began")


async def test_an_idle_may_be_silent_and_a_command_may_not() -> None:
    text = CAPABLE + "C: A1 IDLE\nS: + idling\nC: DONE\nS: A1 OK x\nC: A2 NOOP\n*: wait\n"
    async with scripted(text, timeout_s=0.1) as client:
        async with client.idle():
            await asyncio.sleep(0.3)
        with pytest.raises(TimedOutError):
            await client.noop()
        assert not client.is_usable
