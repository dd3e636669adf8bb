"""What the network floor takes from outside: time, randomness, threads, dialling and listening.

Nothing below reads a global clock or dials by itself, so that a simulation with a virtual clock and
connections in memory can stand in for all of it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, TypeVarTuple, Unpack

from desktopmail.net.dial import TcpDialer
from desktopmail.net.listen import listen

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor as ThreadPool

    from desktopmail.net.dial import Dialer
    from desktopmail.net.listen import Listen

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Clock(Protocol):
    """Time."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary beginning."""

    def now(self) -> datetime:
        """The date and time, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class Entropy(Protocol):
    """Randomness fit for secrets."""

    def token(self, n_octets: int) -> bytes:
        """Return that many random octets."""


class Executor(Protocol):
    """Runs what would block the loop."""

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run `function(*args)` elsewhere and return what it returns."""


class SystemClock:
    """The clock of the machine."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def now(self) -> datetime:
        """The date and time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait on the loop."""
        await asyncio.sleep(seconds)


class SystemEntropy:
    """The randomness of the operating system."""

    def token(self, n_octets: int) -> bytes:
        """Return that many random octets."""
        return secrets.token_bytes(n_octets)


class ThreadExecutor:
    """Runs functions in threads.

    Args:
        pool: The threads; None means the default ones of the loop.
    """

    def __init__(self, pool: ThreadPool | None = None) -> None:
        self._pool = pool

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run `function(*args)` in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, partial(function, *args))


class InlineExecutor:
    """Runs functions at once, in the loop: for simulations, where threads would bring chance."""

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        """Run `function(*args)` here and now."""
        return function(*args)


class WorkerAwayError(Exception):
    """The worker has not started yet, or has died: what it was asked is to be done elsewhere."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them, as they are handed down.

    Attributes:
        clock: Time.
        entropy: Randomness.
        dialer: Outgoing connections.
        executor: Threads.
        listen: Incoming connections (`net.listen.listen`).
        worker: Another process for what only computes (`net.worker.Worker`), or None; its `run`
            takes functions of modules and plain values, and raises `WorkerAwayError`.
    """

    clock: Clock
    entropy: Entropy
    dialer: Dialer
    executor: Executor
    listen: Listen = field(default=listen)
    worker: Executor | None = None


def system_ports() -> Ports:
    """The real ones."""
    return Ports(SystemClock(), SystemEntropy(), TcpDialer(), ThreadExecutor())
