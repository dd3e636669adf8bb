"""A ratio between our code and a peer, measured in one run, with the bound it has to keep."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Ratio:
    """One line of the benchmark table.

    Attributes:
        name: What was measured, as a phrase.
        ours: Our number, in `unit`.
        peer: The peer's number, in the same unit, from the same run; 1 for an absolute bound.
        peer_name: Who the peer is.
        unit: "s", "messages/s", "MB/s", ….
        bound: What ours / peer has to keep.
        at_least: True when the ratio has to be `bound` or more, False when `bound` or less.
    """

    name: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    bound: float
    at_least: bool

    @property
    def value(self) -> float:
        """Ours over the peer's."""
        return self.ours / self.peer

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "ok  " if self.holds else "MISS"
        return (
            f"{verdict} {self.value:8.2f} ({sign} {self.bound:g})  {self.name}: "
            f"{self.ours:.4g} against {self.peer_name} {self.peer:.4g} {self.unit}"
        )


def median_seconds(work: Callable[[], object], rounds: int = 5) -> float:
    """Run `work` `rounds` times and return the median of its times in seconds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def medians_by_turns(
    one: Callable[[], float], other: Callable[[], float], rounds: int = 5
) -> tuple[float, float]:
    """Return the medians of what two measurements give, taken by turns after one for warming up.

    By turns, so that whatever else the machine does meets both alike.
    """
    one()
    other()
    first, second = [], []
    for _ in range(rounds):
        first.append(one())
        second.append(other())
    return statistics.median(first), statistics.median(second)
