"""Waiting for an event or for time to pass, whichever comes first."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from desktopmail.net.ports import Clock


_SLICE_S = 10.0
_JUMP_S = 3600.0
# A clock that is set right by some seconds is no suspended machine.
_SUSPENDED_S = 10.0


class DateWatch:
    """Sees whether the date went another way than time did: it was set, or the machine slept."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._before = clock.monotonic(), clock.now()

    def has_jumped(self) -> bool:
        """Whether it has since the last time this was asked, by an hour or more."""
        (passed, date), self._before = self._before, (self._clock.monotonic(), self._clock.now())
        meant_s = self._before[0] - passed
        return abs((self._before[1] - date).total_seconds() - meant_s) > _JUMP_S


async def wait(event: asyncio.Event, clock: Clock, seconds: float | None) -> bool:
    """Wait until the event is set or the seconds are over (None: never); returns whether it is."""
    return await wait_any((event,), clock, seconds)


async def wait_any(events: Sequence[asyncio.Event], clock: Clock, seconds: float | None) -> bool:
    """Wait until one of the events is set or the seconds are over; returns whether one is."""
    if any(event.is_set() for event in events):
        return True
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(_set(event)) for event in events]
        tasks = list(waiting)
        if seconds is not None:
            tasks.append(group.create_task(clock.sleep(seconds)))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
    # One that was set for a moment only, as by a client that came and went, was set.
    return not done.isdisjoint(waiting) or any(event.is_set() for event in events)


async def wait_awake(events: Sequence[asyncio.Event], clock: Clock, seconds: float) -> None:
    """Wait as `wait_any` does, and no longer than until the machine wakes from being suspended.

    The monotonic clock stands still meanwhile, and the date does not: then nothing that was open
    before is to be relied on, and no minutes are to be waited until that is seen.
    """
    until = clock.monotonic() + seconds
    while (left := until - clock.monotonic()) > 0:
        before, before_date = clock.monotonic(), clock.now()
        if await wait_any(events, clock, min(left, _SLICE_S)):
            return
        passed_s = (clock.now() - before_date).total_seconds()
        if passed_s - (clock.monotonic() - before) > _SUSPENDED_S:
            return


@contextmanager
def unwrapped() -> Iterator[None]:
    """Let the first error of a task group be raised as itself: those above know it by its type."""
    try:
        yield
    except BaseExceptionGroup as group:
        error: BaseException = group
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from group


async def _set(event: asyncio.Event) -> None:
    await event.wait()
