"""How long a client may take for its next command, and how many it may give at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from localserver.config import Limits

# A command may take as long as its octets need at this rate, beside the time for one command: who
# sends one octet a second is dropped, and a large message over a slow line is not.
SLOWEST_OCTETS_PER_S: Final = 1000
# So many commands that came together are answered before others have their turn.
MOST_AT_ONCE: Final = 16


class Turn:
    """Lets others have their turn between the commands of a client that sends many at once."""

    def __init__(self) -> None:
        self._taken = 0

    async def next(self) -> bool:
        """Count a command that is answered; now and then, let others go on, and return True."""
        self._taken += 1
        if self._taken < MOST_AT_ONCE:
            return False
        self._taken = 0
        await asyncio.sleep(0)
        return True


class Pace:
    """Measures one session: silence, and a command that comes in drops.

    Args:
        limits: Of the server.
        clock: Seconds, as the stream's deadlines count them.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._begun: float | None = None
        self._octets = 0
        self.waits()

    def waits(self) -> None:
        """Begin to wait: from here on the client is silent."""
        self._silent_since = self._clock()

    def heard(self, octets: int) -> None:
        """Count what arrived; the first octet begins a command."""
        self._silent_since = self._clock()
        if self._begun is None:
            self._begun = self._silent_since
        self._octets += octets

    def understood(self) -> None:
        """Begin anew: a command was whole."""
        self._begun = None
        self._octets = 0

    @property
    def is_under_way(self) -> bool:
        """Whether a part of a command has come."""
        return self._begun is not None

    def until(self, idle_s: float) -> float:
        """Return until when something has to arrive.

        Args:
            idle_s: Of silence between two commands.
        """
        silent = self._silent_since + idle_s
        if self._begun is None:
            return silent
        slowest = self._octets / SLOWEST_OCTETS_PER_S
        return min(silent, self._begun + self._limits.command_s + slowest)
