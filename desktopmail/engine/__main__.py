"""The engine as a process: `python -m desktopmail.engine --profile DIR`; ends after its clients."""

from __future__ import annotations

import argparse
import asyncio
import faulthandler
import gc
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec

from desktopmail.door.child import StartFailure
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.engine.engine import Engine
from desktopmail.engine.listening import Listener
from desktopmail.engine.niceness import give_way
from desktopmail.engine.waiting import wait
from desktopmail.net.ports import SystemClock, ThreadExecutor, system_ports
from desktopmail.net.worker import Worker
from desktopmail.stop_signals import stop_signals

# Who started the engine is connected by then, or has died.
FIRST_CLIENT_S = 30.0
# What a sync makes goes by itself, with its last reference: looking for cycles among all that a
# batch holds takes a twentieth of its time.
GC_THRESHOLDS = (20_000, 10, 100)
# A command line that is run again and again finds the engine still there.
GRACE_S = 2.0

_log = logging.getLogger("desktopmail.engine")


def main(arguments: list[str] | None = None) -> int:
    """Run the engine until its last client has left."""
    parser = argparse.ArgumentParser(prog="python -m desktopmail.engine")
    parser.add_argument("--profile", help="the folder with all state of the client")
    parser.add_argument("--deaths", type=int, default=0, help="seen by whoever starts it")
    options = parser.parse_args(arguments)
    give_way()
    os.umask(0o077)  # mail is nobody else's, wherever the profile, a backup or an export is
    faulthandler.enable()
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    profile = Profile.at(options.profile)
    try:
        asyncio.run(_serve(profile, options.deaths))
    except DoorError as error:
        failure = StartFailure(sentence=error.sentence, remedy=error.remedy, code=error.code)
        sys.stdout.buffer.write(msgspec.json.encode(failure))
        sys.stdout.flush()
        return 1
    return 0


async def _serve(profile: Profile, deaths_seen: int) -> None:
    stop = asyncio.Event()
    with (
        stop_signals(stop.set),
        ThreadPoolExecutor(1, "store") as store_thread,
        ThreadPoolExecutor(1, "keyring") as keyring_thread,
    ):
        worker = Worker(ThreadExecutor(), rested=lambda: engine.rest())
        engine = Engine(
            profile,
            replace(system_ports(), worker=worker),
            store_executor=ThreadExecutor(store_thread),
            keyring_executor=ThreadExecutor(keyring_thread),
        )
        listener = Listener(engine, profile.address, report=_report)
        try:
            _note_crashes(profile)
            await engine.start(deaths_seen=deaths_seen)
            await listener.start()
            _let_stdout_go()
            gc.freeze()  # what is here now stays
            gc.set_threshold(*GC_THRESHOLDS)
            await _until_the_last_client_left(engine, listener, stop)
        finally:
            await listener.aclose()
            await engine.aclose()
            worker.close()


async def _until_the_last_client_left(
    engine: Engine, listener: Listener, stop: asyncio.Event
) -> None:
    clock = SystemClock()
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(_watch(engine, listener, clock))
        stopping = group.create_task(_wait_for(stop))
        await asyncio.wait((watching, stopping), return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        stopping.cancel()


async def _watch(engine: Engine, listener: Listener, clock: SystemClock) -> None:
    if not await wait(listener.busy, clock, FIRST_CLIENT_S):
        return
    while True:
        await listener.idle.wait()
        if not await wait(listener.busy, clock, max(GRACE_S, engine.stays_s)):
            return


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()


def _note_crashes(profile: Profile) -> None:
    """Have a fault of the process written where the next engine looks: it did not just go."""
    try:
        descriptor = os.open(profile.crash, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        _log.warning("a crash would not be noted in %s: %s", profile.crash, error.strerror)
        return
    faulthandler.enable(descriptor)


def _let_stdout_go() -> None:
    """Nobody reads it any more; a stray print must not fill the pipe and block us."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.close(nothing)


def _report(name: str, error: Exception) -> None:
    _log.error("%s failed", name, exc_info=error)


if __name__ == "__main__":
    sys.exit(main())
