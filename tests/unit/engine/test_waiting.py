"""Waiting ends with the first of the events, or with the time, and leaves no task behind."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.engine.waiting import wait, wait_any
from tests.helpers.still_clock import StillClock


class EndlessClock(StillClock):
    """A clock on which nobody wakes up."""

    async def sleep(self, seconds: float) -> None:
        del seconds
        await asyncio.Event().wait()


async def test_an_event_that_is_set_already_is_not_waited_for() -> None:
    event = asyncio.Event()
    event.set()
    assert await wait(event, EndlessClock(), None)


async def test_time_ends_it_when_nothing_happens() -> None:
    clock = StillClock()
    assert not await wait(asyncio.Event(), clock, 30.0)
    assert clock.monotonic() == 1030.0


async def test_any_of_the_events_ends_it() -> None:
    events = [asyncio.Event(), asyncio.Event()]
    asyncio.get_running_loop().call_soon(events[1].set)
    assert await wait_any(events, EndlessClock(), 30.0)


async def test_who_waits_without_end_can_be_cancelled() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wait(asyncio.Event(), EndlessClock(), None)
