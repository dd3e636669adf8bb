"""Runs a coroutine on Qt's event loop, as the program does, and watches for slots that block."""

from __future__ import annotations

import asyncio
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

SLOT_LIMIT_S = 0.05
# What `_some_work` takes on the machine that the limit is meant for, an EPYC at 2.5 GHz.
_WORK_S = 0.0028


class Watchdog:
    """Notes how much time of its own the GUI thread took between two beats of a timer.

    The time is that of the thread, not of the clock: a busy machine is not a slow slot. Nor is a
    slow one: once stopped, the time is what a machine takes that `SLOT_LIMIT_S` is meant for.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = time.thread_time()
        self._timer = QTimer()
        self._timer.setInterval(2)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def forgive(self) -> None:
        """Forget what was measured: a named exception has just ended."""
        self._last = time.thread_time()
        self.longest_s = 0.0

    def stop(self) -> None:
        self._timer.stop()
        self.longest_s /= _slowness()

    def _beat(self) -> None:
        now = time.thread_time()
        self.longest_s = max(self.longest_s, now - self._last)
        self._last = now


def _slowness() -> float:
    """How many times as long this machine takes now, at least once."""
    return max(min(_some_work() for _ in range(3)) / _WORK_S, 1.0)


def _some_work() -> float:
    begun_s = time.thread_time()
    "".join(sorted({str(number): number * number for number in range(20_000)}))
    return time.thread_time() - begun_s


async def longest_slot(scene: Callable[[], Awaitable[None]]) -> float:
    """The longest slot while a scene plays, in seconds: the shortest of three times that it does.

    A host that gives the processor to somebody else for a while makes any slot look slow, once.
    """
    longest_s = math.inf
    for _ in range(3):
        watchdog = Watchdog()
        await scene()
        watchdog.stop()
        longest_s = min(longest_s, watchdog.longest_s)
    return longest_s


def run_qt(make: Callable[[], Coroutine[Any, Any, None]], timeout_s: float = 100) -> None:
    """Run a coroutine on a fresh Qt event loop of the application."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)  # as the program has it
    loop = QEventLoop(application)
    executor = ThreadPoolExecutor(2)
    loop.set_default_executor(executor)
    asyncio.set_event_loop(loop)
    try:
        with loop:
            loop.run_until_complete(asyncio.wait_for(make(), timeout_s))
    finally:
        executor.shutdown(wait=True)
        asyncio.set_event_loop(None)


async def until(condition: Callable[[], object], timeout_s: float = 20) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        await asyncio.sleep(0.01)
