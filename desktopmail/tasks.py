"""The only door to background tasks, and from Qt's slots into asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

# How long a task may take to clean up before it is cancelled once more.
_CLEAN_UP_S = 5.0


class TaskScope:
    """Owns tasks; closing it cancels them all and waits until each has cleaned up.

    It keeps the reference that asyncio does not keep, gives every task a name, and hands the error
    of a task to one place instead of to nobody.

    Args:
        report: Called in the loop with the name and the error of any task that failed.
    """

    def __init__(self, report: Callable[[str, Exception], None]) -> None:
        self._report = report
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def spawn(self, coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T] | None:
        """Start a coroutine; its error goes to `report`, cancellation is silent.

        Args:
            coro: What it returns is for whoever has the task.
            name: What a person would call it ("POP3 session of 127.0.0.1").

        Returns:
            The task, for cancelling it alone; None when the scope is closed already, and then the
            coroutine was not started.
        """
        if self._closed:
            coro.close()
            return None
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    @property
    def busy(self) -> int:
        """How many tasks are running."""
        return len(self._tasks)

    async def settled(self) -> None:
        """Wait until every task that runs now has ended."""
        others = self._tasks - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def close(self) -> None:
        """Cancel every task and wait until each has cleaned up."""
        self._closed = True
        others = self._tasks - {asyncio.current_task()}
        # A task group whose task fails while it is cancelled raises the failure alone (CPython up
        # to 3.12): who goes on after an error never heard that it has to end, and is told again.
        while others:
            for task in others:
                task.cancel()
            _, others = await asyncio.wait(others, timeout=_CLEAN_UP_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            self._report(task.get_name(), error)
