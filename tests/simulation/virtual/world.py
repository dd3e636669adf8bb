"""A whole world in one loop: an engine, the bundled server and a network, told by a seed.

Engines die by their events: a statement of the store, octets written or read, a connection made.
What had run in them runs no more, their connections end, and the next engine finds what was
committed.
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.engine.engine import Engine
from desktopmail.net.errors import NetError
from desktopmail.net.ports import InlineExecutor, Ports
from localserver.local import LocalServer
from tests.simulation.desk import Desk, UnsettledError
from tests.simulation.ends import End
from tests.simulation.fate import Death, Fate
from tests.simulation.scenario import left
from tests.simulation.steps import USERS, mail, names
from tests.simulation.virtual.loop import Life, VirtualLoop
from tests.simulation.virtual.ports import (
    DiedError,
    SeededEntropy,
    VirtualClock,
    VirtualExecutor,
)
from tests.simulation.virtual.story import MESSAGES, Story
from tests.simulation.virtual.weather import FINE, Weather
from tests.simulation.virtual.wire import WeatherNetwork, Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.simulation.scenario import Step

DAY_S = 86_400.0
# A story that lasts longer does not come to its end.
LONGEST_S = 30 * DAY_S
_AFTER_A_FAILURE_S = 60.0
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "COMMIT")
_MOST_TRIES = 60
_FURTHEST_JUMP_S = 3 * DAY_S


@dataclass(slots=True)
class Report:
    """How a story ended.

    Attributes:
        end: What there was.
        unsure: Subjects that stand as unsure, each with the number of its questions.
        events: How many there were in the last life.
        lives: How many engines there were.
        dials: How many connections were asked for.
        troubles: How many of them the weather met.
        passed_s: How long it was.
        logged: What our own code called a fault.
    """

    end: End
    unsure: dict[str, int]
    events: int
    lives: int
    dials: int
    troubles: int
    passed_s: float
    logged: list[str] = field(default_factory=list)

    def trace(self) -> bytes:
        """What happened, in short."""
        numbers = (self.events, self.lives, self.dials, self.troubles, round(self.passed_s, 3))
        return repr((numbers, self.unsure)).encode()


def live_through(
    story: Story, seed: int, weather: Weather = FINE, deaths: Sequence[int] = ()
) -> Report:
    """Let a story happen.

    Args:
        story: What is done.
        seed: Of everything that chance decides.
        weather: How rough it is.
        deaths: At which event each engine but the last one dies.
    """
    loop = VirtualLoop(until_s=LONGEST_S)
    logged = _Faults()
    logging.getLogger().addHandler(logged)
    try:
        with tempfile.TemporaryDirectory(prefix="story-", dir=_memory()) as folder:
            world = _World(loop, story, seed, weather, Path(folder))
            report = loop.run_until_complete(world.run(deaths))
    finally:
        logging.getLogger().removeHandler(logged)
        _keep_dead(loop)
        loop.close()
    report.logged = logged.sentences
    return report


def _memory() -> str | None:
    """A folder in memory, where the system has one: the disk has no part in these stories."""
    shared = Path("/dev/shm")
    return str(shared) if shared.is_dir() else None


class _World:
    def __init__(
        self, loop: VirtualLoop, story: Story, seed: int, weather: Weather, folder: Path
    ) -> None:
        self._loop = loop
        self._story = story
        self._weather = weather
        self._folder = folder
        self._chance = random.Random(f"world {seed}")
        self._clock = VirtualClock(loop)
        self._wire = Wire(loop, weather, random.Random(f"wire {seed}"))
        self._network = WeatherNetwork(self._wire)
        self._entropy = SeededEntropy(random.Random(f"entropy {seed}"))
        self._disk = random.Random(f"disk {seed}")
        self._acknowledged: list[str] = []

    async def run(self, deaths: Sequence[int]) -> Report:
        for user, password in USERS.items():
            (self._folder / user).write_text(password + "\n")
        async with (
            LocalServer(
                USERS, without=self._story.without, ports=self._ports(InlineExecutor())
            ) as server,
            asyncio.TaskGroup() as group,
        ):
            for name in names("m", MESSAGES):
                await server.deliver_async("alice", mail(name))
            await server.deliver_async("alice", mail("kept"))
            jumps = group.create_task(self._set_the_clock_wrong())
            lives = 0
            report = None
            while report is None:
                death = deaths[lives] if lives < len(deaths) else None
                report = await self._life(server, death)
                lives += 1
                await asyncio.sleep(self._chance.choice((0.0, 1.0, 400.0, 4000.0)))
            jumps.cancel()
            end = End(report[0], await _held(server))
        return Report(
            end, report[1], report[2], lives, self._wire.dials, self._wire.troubles,
            self._loop.time(),
        )  # fmt: skip

    def _ports(self, executor: InlineExecutor | VirtualExecutor) -> Ports:
        return Ports(self._clock, self._entropy, self._network, executor, self._network.listen)

    async def _set_the_clock_wrong(self) -> None:
        for _ in range(self._weather.jumps):
            await asyncio.sleep(self._chance.random() * 3000.0)
            self._clock.ahead_s += self._chance.uniform(-_FURTHEST_JUMP_S, _FURTHEST_JUMP_S)

    async def _life(
        self, server: LocalServer, death: int | None
    ) -> tuple[dict[str, list[list[object]]], dict[str, int], int] | None:
        """Let one engine live; returns what it showed at its end, or None if it died."""
        life = Life()
        engines: list[Engine] = []
        fate = _VirtualFate(Death(event=death), life)
        task = self._loop.create_task(
            self._engine(server, fate, engines.append), context=life.context
        )
        dies = self._loop.create_task(life.ended.wait())
        await asyncio.wait((task, dies), return_when=asyncio.FIRST_COMPLETED)
        if not life.is_over:
            dies.cancel()
            return await task
        _keep_dead(self._loop)
        for engine in engines:
            engine.store._connection.close(True)
            engine.store._segments._connection.close(True)
            engine.store._lock.release()
        return None

    async def _engine(
        self, server: LocalServer, fate: _VirtualFate, born: Callable[[Engine], None]
    ) -> tuple[dict[str, list[list[object]]], dict[str, int], int]:
        disk = VirtualExecutor(self._disk, self._weather.slow_disk_s)
        threads = VirtualExecutor(self._disk, self._weather.slow_disk_s / 4)
        executor = fate.store_executor(disk)
        engine = Engine(
            Profile.at(self._folder / "profile"),
            fate.ports(self._ports(threads)),
            store_executor=executor,
            keyring_executor=threads,
        )
        born(engine)
        executor.connection = engine.store._connection
        fate.watch(engine)
        await engine.start()
        fate.full = [
            range(begin, begin + self._chance.randint(1, 60))
            for begin in (self._chance.randint(1, 4000) for _ in range(self._weather.full_disks))
        ]
        desk = Desk(
            engine,
            server.ports,
            self._folder,
            frozenset(self._acknowledged),
            self._acknowledged.append,
            device_ports=self._ports(threads),
            poll_s=1.0,
            patience_s=7200.0,
            between_s=_AFTER_A_FAILURE_S,
        )
        try:
            await self._go_on(desk, fate)
            return desk.shown(), desk.unsure(), fate.events
        finally:
            desk.reader.close()
            await engine.aclose()

    async def _go_on(self, desk: Desk, fate: _VirtualFate) -> None:
        pauses = dict(zip(self._story.steps, self._story.pauses_s, strict=True))
        for step in left("story", self._story.steps, desk):
            await asyncio.sleep(pauses[step])
            await _insist(step, desk)
            desk.say(step.name)
        self._wire.is_fine = True
        fate.full = []
        await desk.settle()


async def _insist(step: Step, desk: Desk) -> None:
    """Do a step until it is done: the weather may be against it."""
    for _ in range(_MOST_TRIES):
        try:
            await step.do(desk)
        except (DoorError, NetError) as error:
            why = error
            await asyncio.sleep(_AFTER_A_FAILURE_S)
            if step.done(desk):
                return
        else:
            return
    raise UnsettledError(f"“{step.name}” never worked") from why


class _VirtualFate(Fate):
    """Ends a life, and whatever statement was running in it; and lets its disk be full.

    Attributes:
        full: From which events on, up to which, nothing can be written.
    """

    def __init__(self, death: Death, life: Life) -> None:
        super().__init__(death, life.end)
        self._life = life
        self.full: list[range] = []

    def _statement(self, cursor: object, sql: object, bindings: object) -> bool:
        super()._statement(cursor, sql, bindings)
        if self._life.is_over:
            raise DiedError
        if str(sql).startswith(_WRITES) and any(self.events in some for some in self.full):
            raise apsw.FullError("database or disk is full")
        return True


class _Faults(logging.Handler):
    """Keeps what was logged as an error: a fault of ours."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.sentences: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.sentences.append(logging.Formatter("%(name)s: %(message)s").format(record))


# Tasks of the dead are never freed: to free a coroutine runs its `finally`.
_DEAD: set[asyncio.Task[object]] = set()


def _keep_dead(loop: VirtualLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        _DEAD.add(task)


async def _held(server: LocalServer) -> dict[str, list[list[object]]]:
    found = {}
    for user in USERS:
        account = await server.server.store.account(user)
        for box in account.mailboxes():
            found[f"{user}/{box.name}"] = sorted(
                [one.subject, sorted(one.flags)]
                for one in await server.messages_async(user, box.name)
            )
    return found
