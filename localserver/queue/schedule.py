"""When to try again, when to warn, and when to give up (RFC 5321 section 4.5.4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_MINUTE = 60.0
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times of one queue.

    Attributes:
        waits_s: Before the second, third, … attempt; the last one repeats.
        warn_s: Age at which the sender is warned.
        give_up_s: Age at which the message is returned; "at least 4-5 days".
    """

    waits_s: tuple[float, ...] = (
        1 * _MINUTE,
        5 * _MINUTE,
        15 * _MINUTE,
        30 * _MINUTE,
        1 * _HOUR,
        2 * _HOUR,
        4 * _HOUR,
    )
    warn_s: float = 4 * _HOUR
    give_up_s: float = 5 * 24 * _HOUR

    def next_try(self, tries: int, now: datetime) -> datetime:
        """Return when to try again after that many attempts."""
        wait_s = self.waits_s[min(tries, len(self.waits_s)) - 1] if tries else 0.0
        return now + timedelta(seconds=wait_s)

    def is_late(self, arrived: datetime, now: datetime) -> bool:
        """Whether the sender should be warned."""
        return (now - arrived).total_seconds() >= self.warn_s

    def is_hopeless(self, arrived: datetime, now: datetime) -> bool:
        """Whether to give up."""
        return (now - arrived).total_seconds() >= self.give_up_s

    def gives_up_at(self, arrived: datetime) -> datetime:
        """Return when we give up."""
        return arrived + timedelta(seconds=self.give_up_s)
