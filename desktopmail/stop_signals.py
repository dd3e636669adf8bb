"""The signals that ask a process to end, heard in its event loop."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_signals(call: Callable[[], object]) -> Iterator[None]:
    """Have SIGTERM and SIGINT (Ctrl+C) call something in the running loop, until the block ends.

    Windows' event loops cannot take signals (`loop.add_signal_handler` is not there): the handler
    runs between two steps of Python then, and hands over to the loop. Main thread only.
    """
    loop = asyncio.get_running_loop()
    by_loop: list[signal.Signals] = []
    by_process = {}
    try:
        for number in STOP_SIGNALS:
            try:
                loop.add_signal_handler(number, call)
                by_loop.append(number)
            except NotImplementedError:
                by_process[number] = signal.signal(
                    number, lambda *_: loop.call_soon_threadsafe(call)
                )
        yield
    finally:
        for number in by_loop:
            loop.remove_signal_handler(number)
        for number, before in by_process.items():
            signal.signal(number, before)
