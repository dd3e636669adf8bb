"""How long a client may take for its next command, and how many it may give at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# A large message over a slow line may take as long as its octets need at this rate, averaged over
# the time for one command: who sends an octet a second is dropped, and so is who sent much at first
# (Postfix: smtpd_per_request_deadline, smtpd_min_data_rate).
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
    """Measures one session: silence, and a command that comes in drops or does not end.

    A command has a deadline as soon as it begins. Each octet moves it on by the time that it takes
    on the slowest line, but never further than the time for one command from now: what came fast
    at first saves up no hours.

    Args:
        clock: Seconds, as the stream's deadlines count them.
        most_octets: Of one command; what comes beyond moves its deadline no further.
    """

    def __init__(self, clock: Callable[[], float], most_octets: int) -> None:
        self._clock = clock
        self._most_octets = most_octets
        self._due: float | None = None  # of the command that has begun
        self._octets = 0
        self.waits()

    def waits(self) -> None:
        """Begin to wait: from here on the client is silent."""
        self._silent_since = self._clock()

    def heard(self, octets: int, command_s: float) -> None:
        """Count what arrived; the first octet begins a command.

        Args:
            octets: Those that take time to come: none of a line that is short when it ends.
            command_s: In which a command has to be whole that has no more octets.
        """
        now = self._silent_since = self._clock()
        latest = now + command_s
        if self._due is None:
            self._due = latest
        elif self._octets < self._most_octets:
            self._due = min(self._due + octets / SLOWEST_OCTETS_PER_S, latest)
        self._octets += octets

    def understood(self) -> None:
        """Begin anew: a command was whole."""
        self._due = None
        self._octets = 0

    @property
    def is_under_way(self) -> bool:
        """Whether a part of a command has come."""
        return self._due is not None

    def until(self, idle_s: float) -> float:
        """Return until when something has to arrive, or the command under way to be whole.

        Args:
            idle_s: Of silence between two commands.
        """
        silent = self._silent_since + idle_s
        return silent if self._due is None else min(silent, self._due)
