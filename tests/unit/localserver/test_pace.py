"""How long a client may take."""

from __future__ import annotations

import asyncio

import pytest

from localserver.pace import MOST_AT_ONCE, SLOWEST_OCTETS_PER_S, Pace, Turn


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


MOST_OCTETS = 1000 * SLOWEST_OCTETS_PER_S


def test_silence_ends_at_one_moment_however_often_that_is_asked_for() -> None:
    clock = Clock()
    pace = Pace(clock, MOST_OCTETS)
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
    pace = Pace(clock, MOST_OCTETS)
    for _ in range(5):
        pace.heard(1, 10.0)
        clock.now += 1.0
    assert pace.until(1800.0) == pytest.approx(110.0 + 4 / SLOWEST_OCTETS_PER_S)
    pace.understood()
    assert not pace.is_under_way
    assert pace.until(1800.0) == 1904.0


def test_a_large_one_has_as_long_as_its_octets_need() -> None:
    clock = Clock()
    pace = Pace(clock, MOST_OCTETS)
    for _ in range(900):
        pace.heard(SLOWEST_OCTETS_PER_S, 10.0)
        clock.now += 1.0
    assert pace.until(1800.0) == clock.now + 9.0
    assert pace.until(5.0) == clock.now + 4.0  # silence is silence


def test_what_came_fast_at_first_saves_up_no_hours() -> None:
    clock = Clock()
    pace = Pace(clock, MOST_OCTETS)
    pace.heard(1, 10.0)
    pace.heard(900 * SLOWEST_OCTETS_PER_S, 10.0)
    assert pace.until(1800.0) == clock.now + 10.0


def test_at_half_the_slowest_rate_there_is_twice_the_time_for_one_command() -> None:
    clock = Clock()
    pace = Pace(clock, MOST_OCTETS)
    while not pace.is_under_way or pace.until(1800.0) > clock.now:
        pace.heard(SLOWEST_OCTETS_PER_S // 2, 300.0)
        clock.now += 1.0
    assert 590.0 < clock.now - 100.0 < 610.0


def test_one_that_does_not_end_has_an_end() -> None:
    clock = Clock()
    pace = Pace(clock, MOST_OCTETS)
    while not pace.is_under_way or pace.until(1800.0) > clock.now:
        pace.heard(10 * SLOWEST_OCTETS_PER_S, 10.0)
        clock.now += 1.0
    assert clock.now - 100.0 < 1000 / 10 + 15
