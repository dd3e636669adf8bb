from __future__ import annotations

import asyncio

from desktopmail.ui.tasks import TaskScope


async def test_the_error_of_a_task_is_reported_with_its_name() -> None:
    reported: list[tuple[str, Exception]] = []
    scope = TaskScope(lambda name, error: reported.append((name, error)))

    async def fail() -> None:
        raise ValueError("no")

    scope.spawn(fail(), name="Archive 3 messages")
    await scope.settled()
    await asyncio.sleep(0)
    assert [(name, str(error)) for name, error in reported] == [("Archive 3 messages", "no")]


async def test_closing_cancels_and_waits_for_the_clean_up() -> None:
    cleaned = asyncio.Event()
    scope = TaskScope(lambda _name, _error: None)

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.set()

    scope.spawn(wait(), name="wait")
    await asyncio.sleep(0)
    await scope.close()
    assert cleaned.is_set()
    assert scope.busy == 0


async def test_nothing_begins_after_closing() -> None:
    scope = TaskScope(lambda _name, _error: None)
    await scope.close()
    begun: list[int] = []

    async def begin() -> None:
        begun.append(1)

    scope.spawn(begin(), name="late")
    await asyncio.sleep(0)
    assert begun == []
