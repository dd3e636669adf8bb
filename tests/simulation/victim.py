"""The process that is killed: `python -m tests.simulation.victim` starts an engine for each order.

It reads an `Order` as a line of JSON, forks (so that an engine is there in milliseconds, and is a
process of its own whose death takes nothing else along), waits for the end of the child, and writes
a `Report` as a line of JSON.
"""

from __future__ import annotations

import asyncio
import faulthandler
import importlib
import logging
import os
import signal
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from desktopmail.door.profile import Profile
from desktopmail.engine.engine import Engine
from desktopmail.net.ports import Ports, SystemClock, ThreadExecutor, system_ports
from tests.simulation.desk import Desk
from tests.simulation.fate import Death, Fate
from tests.simulation.plants import PLANTS
from tests.simulation.scenarios import SCENARIOS

TIMEOUT_S = 60.0
_POLL_S = 0.001


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One life of an engine.

    Attributes:
        folder: Holds the profile, password files, and what the engine says.
        ports: Of the server.
        acknowledged: Steps that an earlier engine acknowledged.
        death: When it is killed.
        ahead_s: How far its clock is ahead of the machine's.
        plant: A bug to put in first, by its name in `plants`; empty for none.
    """

    folder: str
    scenario: str
    ports: dict[str, int]
    acknowledged: tuple[str, ...] = ()
    death: Death = Death()
    ahead_s: float = 0.0
    plant: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How a life ended.

    Attributes:
        killed: By us; else it came to its end, or broke.
        acknowledged: The steps acknowledged in this life.
        broke: What went wrong; empty when nothing did.
        events: How many there were, when it came to its end.
        shown: What it showed then, by mailbox, and by which words each message was found.
        unsure: Subjects that stand as unsure, each with the number of its questions.
    """

    killed: bool = False
    acknowledged: tuple[str, ...] = ()
    broke: str = ""
    events: int = 0
    shown: dict[str, list[list[object]]] = {}
    unsure: dict[str, int] = {}


class _Ahead(SystemClock):
    """The clock of the machine, set wrong."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return super().now() + self._ahead


def main() -> None:
    """Serve orders until standard input ends."""
    decoder = msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        report = _one_life(decoder.decode(line))
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


def _one_life(order: Order) -> Report:
    said = Path(order.folder) / "said"
    said.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            _live(order, said)
        finally:
            os._exit(3)  # nothing of the parent's is run twice
    status = _wait(child, order.death.after_s)
    lines = said.read_text("utf-8").splitlines() if said.exists() else []
    acknowledged = tuple(line.removeprefix("ack ") for line in lines if line.startswith("ack "))
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        broke = "" if number == signal.SIGKILL else f"it died of signal {number}"
        return Report(killed=not broke, acknowledged=acknowledged, broke=broke)
    if lines and lines[-1].startswith("end "):
        ended = msgspec.json.decode(lines[-1].removeprefix("end "), type=Report)
        return msgspec.structs.replace(ended, acknowledged=acknowledged)
    return Report(broke=f"it ended with {os.waitstatus_to_exitcode(status)} and said nothing")


def _wait(child: int, kill_after_s: float | None) -> int:
    """Wait for the end of a child, and bring it about after so many seconds."""
    begin = time.monotonic()
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status
        lived_s = time.monotonic() - begin
        if kill_after_s is not None and lived_s >= kill_after_s:
            os.kill(child, signal.SIGKILL)
        elif lived_s >= TIMEOUT_S:
            os.kill(child, signal.SIGABRT)  # faulthandler says where it stood
        time.sleep(_POLL_S)


def _live(order: Order, said: Path) -> None:
    log = os.open(Path(order.folder) / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    faulthandler.enable()
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(line: str) -> None:
        os.write(out, f"{line}\n".encode())

    if order.plant:
        PLANTS[order.plant]()
    for name, bound in SCENARIOS[order.scenario].bounds.items():
        room, _, constant = name.partition(".")
        module = importlib.import_module(f"desktopmail.engine.sync.{room}")
        assert hasattr(module, constant), name
        setattr(module, constant, bound)
    fate = Fate(order.death)
    try:
        report = asyncio.run(_engine(order, fate, say))
    except BaseException as error:  # noqa: BLE001 - told to whoever ordered it
        traceback.print_exc()
        report = Report(broke=f"{type(error).__name__}: {error}")
    say("end " + msgspec.json.encode(report).decode())


async def _engine(order: Order, fate: Fate, say: object) -> Report:
    assert callable(say)
    base = system_ports()
    ports = Ports(_Ahead(order.ahead_s), base.entropy, base.dialer, base.executor)
    with ThreadPoolExecutor(1) as store_thread, ThreadPoolExecutor(1) as keyring_thread:
        executor = fate.store_executor(ThreadExecutor(store_thread))
        engine = Engine(
            Profile.at(Path(order.folder) / "profile"),
            fate.ports(ports),
            store_executor=executor,
            keyring_executor=ThreadExecutor(keyring_thread),
        )
        executor.connection = engine.store._connection
        fate.watch(engine)
        await engine.start()
        desk = Desk(
            engine,
            order.ports,
            Path(order.folder),
            frozenset(order.acknowledged),
            lambda name: say(f"ack {name}"),
        )
        try:
            await SCENARIOS[order.scenario].go_on(desk)
            events = fate.events
            await desk.indexed()
            shown = desk.shown() | {"the word index": desk.found_by()}
            return Report(events=events, shown=shown, unsure=desk.unsure())
        finally:
            desk.reader.close()
            await engine.aclose()


if __name__ == "__main__":
    main()
