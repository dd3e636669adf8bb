"""Work in steps, with turns for others between its pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localserver import steps
from localserver.steps import Work, in_turns, ordered, runs

if TYPE_CHECKING:
    from localserver.steps import Steps, T


def whole(work: Steps[T]) -> T:
    """Do work without giving anybody a turn."""
    done = Work(work)
    while not done.go_on():
        pass
    return done.result


def counting(count: int, seen: list[int]) -> Steps[int]:
    try:
        for number in range(count):
            seen.append(number)
            yield
    finally:
        seen.append(-1)
    return count


@pytest.fixture
def _one_step_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PIECE_S", 0.0)


@pytest.mark.usefixtures("_one_step_at_a_time")
async def test_others_have_their_turn_between_two_pieces() -> None:
    seen: list[int] = []

    async def meanwhile() -> None:
        seen.append(100)

    assert await in_turns(counting(2, seen), meanwhile) == 2
    assert seen == [0, 100, 1, 100, -1]


@pytest.mark.usefixtures("_one_step_at_a_time")
async def test_what_is_raised_meanwhile_ends_the_work() -> None:
    seen: list[int] = []

    async def meanwhile() -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await in_turns(counting(9, seen), meanwhile)
    assert seen == [0, -1]


def test_steps_that_fit_in_a_piece_are_done_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PIECE_S", 60.0)
    work = Work(counting(1000, []))
    assert work.go_on()
    assert work.result == 1000


@given(st.lists(st.integers(0, 9), max_size=60), st.booleans(), st.integers(1, 9))
def test_what_is_ordered_in_steps_is_in_the_order_of_sorted(
    keys: list[int], reverse: bool, step: int
) -> None:
    items = list(enumerate(keys))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "STEP", step)
        found = whole(ordered(items, lambda item: item[1], reverse=reverse))
        assert [each for run in runs(items) for each in run] == items
    assert found == sorted(items, key=lambda item: item[1], reverse=reverse)
