"""Dates as the store keeps them: seconds since 1970, and minutes east of UTC to show them in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache


def moment_of(seconds: int, zone: int) -> datetime:
    """Return the aware date of a row.

    Args:
        seconds: Since 1970.
        zone: Minutes east of UTC.
    """
    return datetime.fromtimestamp(seconds, UTC if not zone else _zone(zone))


@lru_cache(maxsize=256)
def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes))
