"""The only door from Qt slots into asyncio."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class TaskScope:
    """Owns the tasks of one window; closing the window cancels them all.

    Args:
        report: Called on the Qt thread with the name and the error of any task that failed.
    """

    def __init__(self, report: Callable[[str, Exception], None]) -> None:
        self._report = report
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def spawn(self, coro: Coroutine[Any, Any, None], *, name: str) -> None:
        """Start a coroutine; its error goes to `report`, cancellation is silent.

        Args:
            coro: Must return None; results travel as change events.
            name: What the user would call it ("Archive 3 messages").
        """
        if self._closed:
            coro.close()
            return
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

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
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            self._report(task.get_name(), error)
