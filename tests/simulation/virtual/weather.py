"""What goes wrong in a story, and when: worked out from its seed alone."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weather:
    """How rough it is.

    Attributes:
        latency_s: So long octets are on their way at most.
        slow_disk_s: So long a step of the store takes at most.
        cut_each: One of so many deliveries is cut, in the middle of its octets; 0 for none.
        swallow_each: One of so many connections goes silent for ever at some moment; 0 for none.
        refuse_each: One of so many connections is refused; 0 for none.
        deaths: So many engines are killed.
        jumps: So often the clock of the machine is set wrong.
        full_disks: So often the disk of an engine is full for some statements.
    """

    latency_s: float = 0.0
    slow_disk_s: float = 0.0
    cut_each: int = 0
    swallow_each: int = 0
    refuse_each: int = 0
    deaths: int = 0
    jumps: int = 0
    full_disks: int = 0


FINE = Weather()


def weather_of(seed: int) -> Weather:
    """The weather of a seed: each kind of trouble is in some of them, and all of it in some."""
    chance = random.Random(f"weather {seed}")

    def sometimes(share: float, value: int) -> int:
        return value if chance.random() < share else 0

    return Weather(
        latency_s=chance.choice((0.001, 0.05, 0.4)),
        slow_disk_s=chance.choice((0.0, 0.01, 0.3)),
        cut_each=sometimes(0.6, chance.choice((20, 60, 200))),
        swallow_each=sometimes(0.3, chance.choice((4, 10))),
        refuse_each=sometimes(0.3, chance.choice((3, 8))),
        deaths=sometimes(0.7, chance.randint(1, 4)),
        jumps=sometimes(0.3, chance.randint(1, 3)),
        full_disks=sometimes(0.3, chance.randint(1, 4)),
    )
