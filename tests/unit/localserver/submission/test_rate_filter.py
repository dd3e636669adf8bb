import pytest

from desktopmail.net.ports import InlineExecutor
from localserver.submission.rate_filter import RateRule
from localserver.submission.subject import Subject
from tests.helpers.still_clock import StillClock


def subject(user: str = "", sender: str = "", peer: str = "192.0.2.1:1") -> Subject:
    return Subject(b"", 0, "submission", peer, user, sender, (), InlineExecutor())


async def test_messages_above_the_limit_are_hit_until_the_window_is_over() -> None:
    clock = StillClock()
    rule = RateRule({"most": 2, "window_s": 60}, clock)
    assert [await rule.hit(subject("alice")) is None for _ in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    assert await rule.hit(subject("bob")) is None
    clock.advance(61)
    assert await rule.hit(subject("alice")) is None


async def test_who_is_not_logged_in_counts_by_address() -> None:
    rule = RateRule({"most": 1}, StillClock())
    assert await rule.hit(subject(peer="192.0.2.1:1")) is None
    assert await rule.hit(subject(peer="192.0.2.1:2")) is not None
    assert await rule.hit(subject(peer="192.0.2.2:1")) is None


async def test_it_can_count_by_sender() -> None:
    rule = RateRule({"most": 1, "per": "sender"}, StillClock())
    assert await rule.hit(subject(sender="a@b.example")) is None
    assert await rule.hit(subject(sender="a@b.example", peer="192.0.2.9:1")) is not None


async def test_memory_stays_bounded() -> None:
    rule = RateRule({"per": "sender"}, StillClock())
    for number in range(10_500):
        await rule.hit(subject(sender=f"{number}@b.example"))
    assert len(rule._done) == 10_000


@pytest.mark.parametrize("table", [{"per": "moon"}, {"most": 0}, {"window_s": -1}, {"most": "x"}])
def test_wrong_tables_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        RateRule(table, StillClock())
