from datetime import UTC, datetime, timedelta

from localserver.queue.schedule import Schedule

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_the_waits_grow_and_then_stay() -> None:
    schedule = Schedule(waits_s=(60, 300))
    waits = [(schedule.next_try(tries, NOW) - NOW).total_seconds() for tries in range(5)]
    assert waits == [0, 60, 300, 300, 300]


def test_the_defaults_are_those_of_rfc_5321_section_4_5_4_1() -> None:
    schedule = Schedule()
    assert schedule.waits_s[3] >= 30 * 60  # "at least 30 minutes", after a few quick ones
    assert not schedule.is_hopeless(NOW - timedelta(days=4), NOW)
    assert schedule.is_hopeless(NOW - timedelta(days=5), NOW)
    assert schedule.is_late(NOW - timedelta(hours=4), NOW)
    assert not schedule.is_late(NOW - timedelta(hours=3), NOW)
    assert schedule.gives_up_at(NOW) == NOW + timedelta(days=5)
