"""What only computes runs in another process; whether that is there can be told."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import ThreadExecutor, WorkerAwayError
from desktopmail.net.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE_S = 20.0


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    made = Worker(ThreadExecutor())
    yield made
    made.close()


async def ready(worker: Worker) -> int:
    """Ask until there is a process; returns which."""
    async with asyncio.timeout(PATIENCE_S):
        while worker.pid is None:
            with suppress(WorkerAwayError):
                await worker.run(abs, -1)
            await asyncio.sleep(0.01)
    return worker.pid


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_first_call_does_not_wait_for_the_process(worker: Worker) -> None:
    with pytest.raises(WorkerAwayError, match="being started"):
        await worker.run(os.getpid)


async def test_later_calls_run_in_the_process(worker: Worker) -> None:
    pid = await ready(worker)
    assert pid != os.getpid()
    assert await worker.run(os.getpid) == pid


async def test_large_values_go_there_and_come_back(worker: Worker) -> None:
    await ready(worker)
    octets = os.urandom(3_000_000)
    assert await worker.run(bytes.__add__, octets, b"!") == octets + b"!"


async def test_calls_beside_one_another_get_their_own_answers(worker: Worker) -> None:
    await ready(worker)
    answers = await asyncio.gather(*(worker.run(pow, number, 2) for number in range(50)))
    assert answers == [number**2 for number in range(50)]


async def test_an_error_is_raised_where_it_was_asked_for(worker: Worker) -> None:
    await ready(worker)
    with pytest.raises(ValueError, match="invalid literal"):
        await worker.run(int, "seven")
    assert await worker.run(int, "7") == 7


async def test_one_that_has_no_memory_for_something_is_done_without_and_followed_by_another(
    worker: Worker,
) -> None:
    pid = await ready(worker)
    with pytest.raises(WorkerAwayError, match="the worker died"):
        await worker.run(bytearray, 1 << 60)
    assert await ready(worker) != pid


async def test_who_is_cancelled_does_not_take_the_answer_of_the_next(worker: Worker) -> None:
    await ready(worker)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(worker.run(pow, 7, 300_000))
        await asyncio.sleep(0)
        waiting.cancel()
    assert await worker.run(abs, -5) == 5


async def test_a_process_that_is_killed_is_done_without_and_followed_by_another(
    worker: Worker,
) -> None:
    pid = await ready(worker)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerAwayError, match="the worker died"):
        await worker.run(abs, -5)
    assert await ready(worker) != pid


async def test_it_leaves_when_it_was_idle_and_says_so(worker: Worker) -> None:
    pid = await ready(worker)
    rested: list[int] = []
    worker._idle_s, worker._rested = 0.05, lambda: rested.append(pid)
    await worker.run(abs, -5)
    async with asyncio.timeout(PATIENCE_S):
        while is_running(pid):
            await asyncio.sleep(0.01)
    assert worker.pid is None
    assert rested == [pid]
    assert await ready(worker) != pid
