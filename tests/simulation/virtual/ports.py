"""Clock, randomness and threads of a story: all of them follow its seed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

from tests.simulation.virtual.loop import current_life

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.simulation.virtual.loop import VirtualLoop

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
EPOCH = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class VirtualClock:
    """The time of the loop; the date may be set wrong.

    Attributes:
        ahead_s: How far the date is ahead.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.ahead_s = 0.0

    def monotonic(self) -> float:
        return self._loop.time()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._loop.time() + self.ahead_s)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SeededEntropy:
    """Chance that is the same each time."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def token(self, n_octets: int) -> bytes:
        return self._chance.randbytes(n_octets)


class DiedError(Exception):
    """Raised out of the statement at which an engine dies."""


class VirtualExecutor:
    """Does at once what is asked, in the order in which it is asked; tells so later, in any order.

    What asks after its life has ended is never answered.
    """

    def __init__(self, chance: random.Random, slowest_s: float) -> None:
        self._chance = chance
        self._slowest_s = slowest_s

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        life = current_life()
        if life is not None and life.is_over:
            await _for_ever()
        try:
            result = function(*args)
        except DiedError:
            await _for_ever()
            raise
        if self._slowest_s:
            await asyncio.sleep(self._chance.random() * self._slowest_s)
        return result


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
