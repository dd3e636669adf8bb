"""A deadline becomes a sentence; other errors and cancellation pass unchanged."""

from __future__ import annotations

import asyncio

import pytest

from desktopmail.net.deadline import deadline
from desktopmail.net.errors import TimedOutError


async def test_what_takes_too_long_is_an_error_with_the_sentence() -> None:
    with pytest.raises(TimedOutError) as caught:
        async with deadline(0.01, "It took too long.", remedy="Wait."):
            await asyncio.sleep(10)
    assert caught.value.sentence == "It took too long."
    assert caught.value.remedy == "Wait."
    assert caught.value.code == "timed-out"


async def test_what_is_in_time_passes() -> None:
    async with deadline(10, "It took too long."):
        await asyncio.sleep(0)


async def test_none_means_no_limit() -> None:
    async with deadline(None, "never") as limit:
        assert limit.when() is None


async def test_an_error_of_the_body_passes_even_a_timeout_of_its_own() -> None:
    with pytest.raises(TimeoutError, match="own") as caught:
        async with deadline(10, "It took too long."):
            raise TimeoutError("own")
    assert not isinstance(caught.value, TimedOutError)
    with pytest.raises(ZeroDivisionError):
        async with deadline(10, "It took too long."):
            raise ZeroDivisionError


async def test_a_cancellation_from_outside_stays_one() -> None:
    async def wait() -> None:
        async with deadline(10, "It took too long."):
            await asyncio.sleep(10)

    task = asyncio.get_running_loop().create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_deadlines_nest_and_the_one_that_ran_out_speaks() -> None:
    with pytest.raises(TimedOutError) as caught:
        async with deadline(10, "outer"), deadline(0.01, "inner"):
            await asyncio.sleep(10)
    assert caught.value.sentence == "inner"
