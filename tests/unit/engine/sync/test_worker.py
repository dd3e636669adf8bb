"""The worker: one path for reconnecting, failures told once, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.engine.sync.worker import Worker
from desktopmail.net.errors import AuthenticationError, ClosedError, NetError
from desktopmail.net.ports import system_ports
from desktopmail.tasks import TaskScope
from tests.helpers.still_clock import StillClock
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Store


class NightClock(StillClock):
    """Nobody wakes up by time; who sleeps is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.naps: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        await asyncio.Event().wait()


class Script:
    """A cycle that does what the test says, and rests until it is woken."""

    service = "imap"

    def __init__(self) -> None:
        self.errors: list[Exception] = []
        self.restless: list[Exception] = []
        self.runs: list[bool] = []
        self.left = 0

    async def run(self, account: Account, *, headers_only: bool = False) -> None:
        del account
        self.runs.append(headers_only)
        if self.errors:
            raise self.errors.pop(0)

    async def rest(self, wake: asyncio.Event, seconds: float) -> None:
        del seconds
        if self.restless:
            raise self.restless.pop(0)
        await wake.wait()

    async def leave(self) -> None:
        self.left += 1


class Bench:
    def __init__(self, store: Store, worker: Worker, script: Script, clock: NightClock) -> None:
        self.store = store
        self.worker = worker
        self.script = script
        self.clock = clock

    async def state(self) -> tuple[object, ...]:
        rows = await self.store.read(lambda tx: tx.fetch("SELECT state, problem FROM account"))
        return tuple(rows[0])

    async def problems(self) -> list[str]:
        return [row[0] for row in await self.store.read(lambda tx: tx.fetch(
            "SELECT service FROM problem"
        ))]  # fmt: skip


@asynccontextmanager
async def at_work(folder: Path, *errors: Exception) -> AsyncIterator[Bench]:
    failures: list[Exception] = []
    scope = TaskScope(lambda _name, error: failures.append(error))
    async with open_store(folder) as store:
        account_id = await store.write(add_account)
        clock, script = NightClock(), Script()
        script.errors = list(errors)
        ports = dataclasses.replace(system_ports(), clock=clock)
        worker = Worker(store, ports, account_id, script, poll_s=300)
        scope.spawn(worker.run(), name="worker")
        try:
            yield Bench(store, worker, script, clock)
        finally:
            await scope.close()
    assert failures == []


async def test_who_asks_waits_for_a_whole_cycle_from_then_on(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        await bench.worker.sync()
        assert len(bench.script.runs) >= 1
        before = len(bench.script.runs)
        await bench.worker.sync(headers_only=True)
        assert bench.script.runs[before:] == [True]
        await bench.worker.sync()
        assert bench.script.runs[-1] is False
        assert await bench.state() == ("ready", None)


async def test_a_failure_is_told_to_who_asked_and_shown_until_it_works_again(
    tmp_path: Path,
) -> None:
    error = ClosedError("The server hung up.", remedy="Try again.", code="closed")
    async with at_work(tmp_path, error) as bench:
        with pytest.raises(DoorError) as caught:
            await bench.worker.sync()
        assert caught.value.code == "closed"
        assert await bench.state() == ("failed", "The server hung up.")
        assert await bench.problems() == ["imap"]
        assert bench.script.left == 1  # the next try begins with a new connection
        await bench.worker.sync()
        assert await bench.state() == ("ready", None)
        assert await bench.problems() == []


async def test_a_full_disk_is_a_failure_like_any_other_and_the_worker_lives(
    tmp_path: Path,
) -> None:
    error = DoorError("The disk is full.", remedy="Make room.", code="disk-full")
    async with at_work(tmp_path, error) as bench:
        with pytest.raises(DoorError) as caught:
            await bench.worker.sync()
        assert caught.value.code == "disk-full"
        await bench.worker.sync()
        assert await bench.problems() == []


async def test_a_full_disk_while_it_rests_ends_no_worker(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        bench.script.restless.append(DoorError("The disk is full.", code="disk-full"))
        await bench.worker.sync()
        await bench.worker.sync()
        assert bench.script.left == 1


async def test_each_failure_in_a_row_is_waited_for_longer(tmp_path: Path) -> None:
    errors = [NetError("No.", code="unreachable") for _ in range(6)]
    async with at_work(tmp_path, *errors) as bench:
        for _ in range(6):
            with pytest.raises(DoorError):
                await bench.worker.sync()
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(bench.clock.naps) == 6
        for number, nap in enumerate(bench.clock.naps):
            full = min(300.0, 2.0 * 2**number)
            assert full / 2 <= nap <= full


async def test_a_refused_password_is_not_tried_again_by_itself(tmp_path: Path) -> None:
    """A server that locks accounts counts the tries."""
    error = AuthenticationError("Wrong password.", code="credentials")
    async with at_work(tmp_path, error) as bench:
        with pytest.raises(DoorError) as caught:
            await bench.worker.sync()
        assert caught.value.code == "auth-failed"
        for _ in range(20):
            await asyncio.sleep(0)
        assert bench.clock.naps == []
        tried = len(bench.script.runs)
        for _ in range(3):  # a person marks mail meanwhile, which is no new password
            bench.worker.wake()
            await asyncio.sleep(0)
        assert len(bench.script.runs) == tried
        bench.worker.release()  # another password was given
        await bench.worker.sync()
        assert len(bench.script.runs) > tried
        assert await bench.state() == ("ready", None)


async def test_who_still_waits_when_the_account_closes_is_told(tmp_path: Path) -> None:
    async with at_work(tmp_path) as bench:
        await bench.worker.sync()
        stuck = asyncio.Event()

        async def never(account: Account, *, headers_only: bool = False) -> None:
            del account, headers_only
            await stuck.wait()

        bench.script.run = never  # type: ignore[method-assign]
        waiting = asyncio.gather(bench.worker.sync(), return_exceptions=True)
        for _ in range(50):
            await asyncio.sleep(0)
        assert bench.worker._served
    (told,) = await waiting
    assert isinstance(told, DoorError)
    assert told.code == "closed"
