"""Work in slices: some of it now, the rest in a later turn."""

from __future__ import annotations

import time
from collections import deque

from desktopmail.ui.slices import SLICE_S, slice_of


def work(seconds: float) -> None:
    until_s = time.thread_time() + seconds
    while time.thread_time() < until_s:
        pass


def test_what_is_quick_is_done_at_once() -> None:
    rest = deque(range(10))
    assert list(slice_of(rest)) == list(range(10))
    assert not rest


def test_what_takes_longer_than_a_slice_is_left_for_the_next_one() -> None:
    rest = deque(range(3))
    done = []
    for one in slice_of(rest):
        work(SLICE_S * 1.1)
        done.append(one)
    assert done == [0]
    assert list(slice_of(rest)) == [1, 2]


def test_who_leaves_a_slice_early_loses_nothing() -> None:
    rest = deque(range(5))
    for one in slice_of(rest):
        if one == 1:
            break
    assert list(rest) == [2, 3, 4]
