"""What sessions may ask of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from localserver.store.interface import StoreLimits, utc
from localserver.store.sqlite import SqliteStore


def test_the_store_has_everything_the_interface_names() -> None:
    for name in ("deliver", "account", "lock_maildrop", "capture", "captured", "on_arrival"):
        assert callable(getattr(SqliteStore, name))


def test_moments_are_cut_to_the_second_in_utc() -> None:
    moment = datetime(2020, 1, 1, 1, 0, 0, 999, tzinfo=timezone(timedelta(hours=1)))
    assert utc(moment) == datetime(2020, 1, 1, tzinfo=UTC)


def test_a_new_user_gets_one_mailbox_for_each_special_use() -> None:
    uses = StoreLimits().special_use
    assert len(set(uses.values())) == len(uses)
    assert uses["Sent"] == "\\Sent"
