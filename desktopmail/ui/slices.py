"""Work that takes longer than a frame, in slices: between them somebody else has the thread."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

T = TypeVar("T")
# Of the thread's time. What is made in a slice is laid out and painted behind it, which takes as
# long once more.
SLICE_S = 0.006


def slice_of(rest: deque[T]) -> Iterator[T]:
    """Take things from the left, as many as a slice has time for; at least one.

    Args:
        rest: What is still to be done; who comes in a later turn goes on with it.
    """
    until_s = time.thread_time() + SLICE_S
    while rest:
        yield rest.popleft()
        if time.thread_time() > until_s:
            return
