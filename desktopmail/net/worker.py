"""A second process for what only computes, so that it takes another core and not our own.

In one process of Python two threads share one core. Who parses ten thousand messages in a thread
holds up whoever reads the network in another; in a process of its own it does not. The worker gets
a function by its name and plain values, and gives a plain value back; it opens nothing and knows
nothing. It is started when there is something to do, and leaves when it was idle for a while.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import subprocess
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

from desktopmail.net.ports import WorkerAwayError
from desktopmail.net.worker_process import READY, read, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.ports import Executor

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

IDLE_S = 30.0

_log = logging.getLogger(__name__)


class Worker:
    """An `Executor` whose functions run in a process of their own.

    While it starts, and when it dies, it is away and says so: nobody waits for it or depends on it.

    Args:
        threads: Where we wait for it.
        idle_s: After how long without work it leaves.
        rested: Called when it leaves so.
    """

    def __init__(
        self,
        threads: Executor,
        idle_s: float = IDLE_S,
        *,
        rested: Callable[[], object] = lambda: None,
    ) -> None:
        self._threads = threads
        self._idle_s = idle_s
        self._rested = rested
        self._child: _Child | None = None
        self._leaving: asyncio.TimerHandle | None = None

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run a function of a module with values that can be pickled; return what it returns.

        Raises:
            WorkerAwayError: It does not run yet (it is being started), or it died: that it had no
                memory for this is no other than that somebody killed it for it.
        """
        if self._leaving is not None:
            self._leaving.cancel()
        loop = asyncio.get_running_loop()
        self._leaving = loop.call_later(self._idle_s, self._rest)
        child = self._child
        if child is None:
            child = self._child = _Child()
        if not child.is_ready:
            raise WorkerAwayError("the worker is being started")
        try:
            ok, result = await self._threads.run(child.ask, partial(function, *args))
        except (OSError, EOFError) as error:
            if self._child is child:
                self.close()
            raise WorkerAwayError(f"the worker died: {error}") from error
        if not ok:
            raise result
        returned: T = result
        return returned

    def _rest(self) -> None:
        self.close()
        self._rested()

    @property
    def pid(self) -> int | None:
        """Of the process, while there is one that is ready."""
        return self._child.pid if self._child is not None and self._child.is_ready else None

    def close(self) -> None:
        """Let the process go; another one is started when there is work again."""
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        child, self._child = self._child, None
        if child is not None:
            child.leave()


class _Child:
    """The process, started by a thread that also waits for its end."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        self._left = threading.Event()
        threading.Thread(target=self._attend, name="worker waiter", daemon=True).start()

    @property
    def is_ready(self) -> bool:
        return self._ready.is_set()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    def ask(self, call: Callable[[], T]) -> tuple[bool, Any]:
        """Have it call this; returns whether that worked, and the result or the error."""
        asked = pickle.dumps(call, pickle.HIGHEST_PROTOCOL)
        with self._asking:
            process = self._process
            if process is None or process.stdin is None or process.stdout is None:
                raise EOFError("it has left")
            write(process.stdin.fileno(), asked)
            answered = read(process.stdout.fileno())
        # While this is unpacked it works for the next one.
        answer: tuple[bool, Any] = pickle.loads(answered)  # noqa: S301 - our child
        return answer

    def leave(self) -> None:
        self._left.set()

    def _attend(self) -> None:
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "desktopmail.net.worker_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
            )
        except OSError as error:
            _log.warning("no worker can be started (%s): threads do its work", error)
            return
        with process:
            if process.stdout is not None and process.stdout.read(1) == READY:
                self._process = process
                self._ready.set()
            self._left.wait()
            with self._asking:  # what it is asked right now is still answered
                self._process = None
