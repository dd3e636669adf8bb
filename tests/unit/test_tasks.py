"""A scope owns its tasks: errors are reported, closing waits for all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail import tasks
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    import pytest


async def test_an_error_is_reported_with_the_name_of_its_task() -> None:
    told: list[tuple[str, Exception]] = []
    scope = TaskScope(lambda name, error: told.append((name, error)))

    async def fail() -> None:
        raise ZeroDivisionError

    scope.spawn(fail(), name="dividing")
    await scope.settled()
    await asyncio.sleep(0)
    assert [(name, type(error)) for name, error in told] == [("dividing", ZeroDivisionError)]
    await scope.close()


async def test_closing_cancels_and_waits_for_the_cleaning_up() -> None:
    told: list[object] = []
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            steps.append("cleaned up")

    async with TaskScope(lambda *error: told.append(error)) as scope:
        scope.spawn(work(), name="work")
        await asyncio.sleep(0)
        assert scope.busy == 1
    assert steps == ["cleaned up"]
    assert scope.busy == 0
    assert told == [], "a cancellation is no error"


async def test_a_closed_scope_starts_nothing() -> None:
    scope = TaskScope(lambda *_: None)
    await scope.close()
    started: list[int] = []

    async def work() -> None:
        started.append(1)

    assert scope.spawn(work(), name="late") is None
    await asyncio.sleep(0)
    assert started == []


async def test_a_task_may_close_its_own_scope() -> None:
    scope = TaskScope(lambda *_: None)
    done = asyncio.Event()

    async def work() -> None:
        await scope.close()
        done.set()

    scope.spawn(work(), name="closes itself")
    async with asyncio.timeout(1):
        await done.wait()
    await scope.settled()


async def test_a_task_can_be_cancelled_alone() -> None:
    async with TaskScope(lambda *_: None) as scope:
        one = scope.spawn(asyncio.sleep(60), name="one")
        two = scope.spawn(asyncio.sleep(0.01), name="two")
        assert one is not None
        assert two is not None
        one.cancel()
        await two
        assert one.cancelled()


async def test_a_task_that_did_not_hear_its_cancellation_is_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A task group of CPython up to 3.12 raises an error alone when a cancellation meets it."""
    monkeypatch.setattr(tasks, "_CLEAN_UP_S", 0.01)
    lives = 0

    async def work() -> None:
        nonlocal lives
        while True:
            lives += 1
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lives == 2:
                    raise

    scope = TaskScope(lambda _name, _error: None)
    scope.spawn(work(), name="deaf once")
    await asyncio.sleep(0)
    await asyncio.wait_for(scope.close(), 20)
    assert lives == 2
