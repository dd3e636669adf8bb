"""Commands on their way, and how long a server may be silent to them."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.net.errors import NetError
from desktopmail.net.imap_running import IDLE_TIMEOUT_S, Running
from desktopmail.wire.imap.condition import Condition, Tag, Tagged
from desktopmail.wire.imap.idle import Idle
from desktopmail.wire.imap.noop import Noop


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
