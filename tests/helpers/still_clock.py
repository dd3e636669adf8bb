"""A clock that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class StillClock:
    """Begins at a fixed date; `sleep` goes on at once."""

    def __init__(self) -> None:
        self._seconds = 1000.0
        self._begin = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

    def monotonic(self) -> float:
        """Seconds since some beginning."""
        return self._seconds

    def now(self) -> datetime:
        """The date and time."""
        return self._begin + timedelta(seconds=self._seconds - 1000.0)

    async def sleep(self, seconds: float) -> None:
        """Go on."""
        self._seconds += seconds

    def advance(self, seconds: float) -> None:
        """Go on."""
        self._seconds += seconds
