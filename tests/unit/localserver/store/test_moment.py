"""Dates of rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from localserver.store.moment import moment_of


def test_the_zone_is_kept() -> None:
    assert moment_of(0, 0) == datetime(1970, 1, 1, tzinfo=UTC)
    moment = moment_of(0, -420)
    assert moment.utcoffset() == timedelta(hours=-7)
    assert moment.isoformat() == "1969-12-31T17:00:00-07:00"
