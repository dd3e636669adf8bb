"""Long work in steps, so that others have their turn between its pieces.

What takes long is written as a generator that yields behind each step, of a millisecond or two at
the most, and returns what it worked out. A piece of it is as many steps as fit in `PIECE_S`.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Generator
from heapq import merge
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

T = TypeVar("T")
Steps: TypeAlias = Generator[None, None, T]

# So long one client has a thread, or the loop, before others have their turn.
PIECE_S = 0.02
# So many messages are looked at in one step.
STEP: Final = 500


class Work(Generic[T]):
    """Work that is done piece by piece, in the loop or in a thread.

    Args:
        steps: The work; its result is what it returns.

    Attributes:
        result: What was worked out, once `go_on` has said that it is done.
    """

    result: T

    def __init__(self, steps: Steps[T]) -> None:
        self._steps = steps

    def go_on(self) -> bool:
        """Do a piece, one step at the least; returns whether all is done."""
        until = time.monotonic() + PIECE_S
        while True:
            try:
                next(self._steps)
            except StopIteration as end:
                self.result = end.value
                return True
            if time.monotonic() >= until:
                return False

    @property
    def is_going_on(self) -> bool:
        """Whether a thread is at it."""
        return inspect.getgeneratorstate(self._steps) == inspect.GEN_RUNNING

    def close(self) -> None:
        """Give up what it holds."""
        self._steps.close()


async def in_turns(steps: Steps[T], meanwhile: Callable[[], Awaitable[None]]) -> T:
    """Do work in the loop, which has its turn between two pieces.

    Args:
        steps: The work.
        meanwhile: Awaited between two pieces; what it raises ends the work.
    """
    work = Work(steps)
    try:
        while not work.go_on():
            await asyncio.sleep(0)
            await meanwhile()
    finally:
        work.close()
    return work.result


def runs(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence into what one step takes."""
    return (items[place : place + STEP] for place in range(0, len(items), STEP))


def ordered(
    items: Sequence[T], key: Callable[[T], Any], *, reverse: bool = False
) -> Steps[list[T]]:
    """Sort as `sorted` does: those that are equal stay in their order."""
    sorted_runs = []
    for run in runs(items):
        sorted_runs.append(sorted(run, key=key, reverse=reverse))
        yield
    found: list[T] = []
    for item in merge(*sorted_runs, key=key, reverse=reverse):
        found.append(item)
        if not len(found) % STEP:
            yield
    return found
