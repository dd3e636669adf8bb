"""The IMAP client, against written dialogues."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.net.errors import (
    ClosedError,
    RefusedError,
)
from desktopmail.wire.errors import LocalProtocolError
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.status import StatusItem
from tests.helpers.imap_script import CAPABLE, scripted


async def test_a_refusal_carries_its_code_and_leaves_the_connection_usable() -> None:
    text = CAPABLE + "C: A1 SELECT a\nS: A1 NO [NONEXISTENT] no a\nC: A2 NOOP\nS: A2 OK x\n"
    async with scripted(text) as client:
        with pytest.raises(RefusedError, match="no a") as caught:
            await client.select("a")
        assert caught.value.code == "nonexistent"
        await client.noop()


async def test_bye_ends_every_command_with_its_text() -> None:
    text = CAPABLE + "C: A1 NOOP\nS: * BYE [UNAVAILABLE] maintenance\n*: close\n"
    ended = []
    async with scripted(text) as client:
        client.ended = ended.append
        with pytest.raises(ClosedError, match="maintenance") as caught:
            await client.noop()
        assert caught.value.code == "temporary"
        with pytest.raises(ClosedError):
            await client.noop()
        assert not client.is_usable
    assert len(ended) == 1


async def test_a_command_that_is_cancelled_leaves_the_rest_alone() -> None:
    text = (
        CAPABLE
        + "C: A1 NOOP\nC: A2 STATUS a (SIZE)\nS: A1 OK x\nS: * STATUS a (SIZE 5)\nS: A2 OK x\n"
    )
    async with scripted(text) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await client.noop()
        assert (await client.status("a", (StatusItem.SIZE,)))[StatusItem.SIZE] == 5


async def test_a_command_in_the_wrong_state_is_our_fault() -> None:
    async with scripted(CAPABLE + "C: A1 NOOP\nS: A1 OK x\n") as client:
        with pytest.raises(LocalProtocolError):
            await client.uid_expunge(UidSet.all())
        await client.noop()
