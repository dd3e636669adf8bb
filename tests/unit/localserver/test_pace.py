"""How long a client may take."""

from __future__ import annotations

import asyncio

from localserver.config import Limits
from localserver.pace import MOST_AT_ONCE, SLOWEST_OCTETS_PER_S, Pace, Turn


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_silence_ends_at_one_moment_however_often_that_is_asked_for() -> None:
    clock = Clock()
    pace = Pace(Limits(command_s=10.0), clock)
    assert pace.until(1800.0) == 1900.0
    clock.now = 500.0
    assert pace.until(1800.0) == 1900.0
    pace.waits()  # the answer to a command took its time
    assert pace.until(1800.0) == 2300.0


async def test_others_have_their_turn_between_many_commands() -> None:
    turn, others = Turn(), []
    asyncio.get_running_loop().call_soon(others.append, "served")
    for _ in range(MOST_AT_ONCE - 1):
        await turn.next()
    assert not others
    await turn.next()
    assert others


def test_a_command_that_has_begun_has_to_be_whole_in_its_time() -> None:
    clock = Clock()
    pace = Pace(Limits(command_s=10.0), clock)
    for _ in range(5):
        pace.heard(1)
        clock.now += 1.0
    assert pace.until(1800.0) == 110.0 + 5 / SLOWEST_OCTETS_PER_S
    pace.understood()
    assert pace.until(1800.0) == 1904.0


def test_a_large_one_has_as_long_as_its_octets_need() -> None:
    pace = Pace(Limits(command_s=10.0), Clock())
    pace.heard(60 * SLOWEST_OCTETS_PER_S)
    assert pace.until(1800.0) == 170.0
    assert pace.until(5.0) == 105.0  # silence is silence
