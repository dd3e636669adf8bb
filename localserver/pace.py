"""How long a client may take for its next command: silence, and a command that comes in drops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from localserver.config import Limits

# A command may take as long as its octets need at this rate, beside the time for one command: who
# sends one octet a second is dropped, and a large message over a slow line is not.
SLOWEST_OCTETS_PER_S: Final = 1000


class Pace:
    """Measures one session.

    Args:
        limits: Of the server.
        clock: Seconds, as the stream's deadlines count them.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._begun: float | None = None
        self._octets = 0

    def heard(self, octets: int) -> None:
        """Count what arrived; the first octet begins a command."""
        if self._begun is None:
            self._begun = self._clock()
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
        silent = self._clock() + idle_s
        if self._begun is None:
            return silent
        slowest = self._octets / SLOWEST_OCTETS_PER_S
        return min(silent, self._begun + self._limits.command_s + slowest)
