"""Waiting ends with the first of the events, or with the time, and leaves no task behind."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from desktopmail.engine.waiting import DateWatch, wait, wait_any, wait_awake
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


async def test_an_event_that_was_set_for_a_moment_ends_it_too() -> None:
    event = asyncio.Event()

    def flash() -> None:
        event.set()
        event.clear()

    asyncio.get_running_loop().call_later(0.01, flash)
    assert await wait(event, EndlessClock(), None)
    asyncio.get_running_loop().call_later(0.01, flash)
    assert await wait_any((asyncio.Event(), event), EndlessClock(), 30.0)


async def test_who_waits_without_end_can_be_cancelled() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await wait(asyncio.Event(), EndlessClock(), None)


class SuspendedClock(StillClock):
    """The machine sleeps for an hour while somebody waits: the date goes on, nothing else does."""

    def now(self) -> datetime:
        suspended = timedelta(hours=1) if self.monotonic() > 1015 else timedelta()
        return super().now() + suspended


async def test_who_waited_through_a_suspension_is_woken_soon_after_it() -> None:
    clock = SuspendedClock()
    await wait_awake((asyncio.Event(),), clock, 240.0)
    assert clock.monotonic() < 1030.0


async def test_without_a_suspension_it_waits_to_the_end_or_for_an_event() -> None:
    clock = StillClock()
    await wait_awake((asyncio.Event(),), clock, 25.0)
    assert clock.monotonic() == 1025.0
    event = asyncio.Event()
    event.set()
    await wait_awake((event,), EndlessClock(), 25.0)


def test_a_date_that_goes_another_way_than_time_is_seen_once() -> None:
    clock = _Clock()
    watch = DateWatch(clock)
    clock.advance(7200.0)
    assert not watch.has_jumped()
    for ahead_s in (86_400.0, 0.0):
        clock.ahead = timedelta(seconds=ahead_s)
        assert watch.has_jumped()
        assert not watch.has_jumped()
    clock.ahead = timedelta(seconds=60)  # it was only set right
    assert not watch.has_jumped()


class _Clock(StillClock):
    """A clock whose date may be set wrong."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead
