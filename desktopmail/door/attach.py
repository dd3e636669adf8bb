"""Attaching to the engine of a profile, and starting it where it does not run."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.child import EngineProcess
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.remote import RemoteDoor, connect

if TYPE_CHECKING:
    from pathlib import Path

START_TIMEOUT_S = 30.0
_POLL_S = 0.03
# Whoever has the profile and does not listen is an engine that is about to, or one that is ending;
# for longer it is something else. Each try is a start of the engine.
HELD_TIMEOUT_S = 10.0
_HELD_POLL_S = 0.5
# An engine that dies again and again dies of something that starting it once more does not mend.
MAX_DEATHS = 3
DEATHS_WITHIN_S = 60.0

_deaths: dict[Path, deque[float]] = {}


@dataclass(frozen=True, slots=True)
class Session:
    """A client's connection to the engine of a profile."""

    door: RemoteDoor
    profile: Profile

    @property
    def gone(self) -> asyncio.Event:
        """Set when the engine ended, or the session was closed."""
        return self.door.gone

    async def until(self, event: asyncio.Event) -> None:
        """Wait for something that the engine tells.

        Raises:
            EngineGoneError: It ended before.
        """
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(one.wait()) for one in (event, self.gone)]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
        if not event.is_set():
            raise EngineGoneError(
                "The engine ended while it was waited for.",
                remedy="It is started again by the next command; what it had acknowledged is safe.",
                code="engine-gone",
            )

    def reader(self) -> SqliteReader:
        """A fresh read-only connection to the store; each thread needs its own."""
        return SqliteReader(self.profile)

    async def aclose(self) -> None:
        """Leave; the engine ends by itself after its last client."""
        await self.door.aclose()


async def attach(
    profile: Path | Profile | None = None,
    *,
    spawn: bool = True,
    child: EngineProcess | None = None,
) -> Session:
    """Connect to the engine of a profile, starting it first where it does not run.

    Args:
        profile: Its folder, or None for the user's own.
        spawn: Start the engine when nobody listens.
        child: An engine of this profile that was started already, and may not listen yet.

    Raises:
        DoorError: The engine cannot be started: one sentence why ("engine-dies": it died three
            times within a minute under this program).
    """
    where = profile if isinstance(profile, Profile) else Profile.at(profile)
    door = await _try(where)
    if door is None and spawn:
        door = await _start(where, child, _refuse_the_dying(where))
    if door is None:
        raise DoorError(
            f"No engine runs for the profile {where.folder}.", code="engine-not-running"
        )
    door.died = partial(_note_death, where.folder)
    return Session(door, where)


def _note_death(folder: Path) -> None:
    loop = asyncio.get_running_loop()
    _deaths.setdefault(folder, deque(maxlen=MAX_DEATHS + 1)).append(loop.time())


def _refuse_the_dying(profile: Profile) -> int:
    """Return how many deaths there were just now.

    After three of them the engine may begin once more where it can set aside what it died of; it
    refuses by itself where it cannot.
    """
    now = asyncio.get_running_loop().time()
    recent = [died for died in _deaths.get(profile.folder, ()) if now - died < DEATHS_WITHIN_S]
    if len(recent) > MAX_DEATHS:
        raise DoorError(
            f"The engine ended by itself {MAX_DEATHS} times within a minute, and is not started"
            " again for now.",
            remedy=f"Look into {profile.log}, and try again in a minute.",
            code="engine-dies",
        )
    return len(recent)


async def _try(profile: Profile) -> RemoteDoor | None:
    try:
        return await connect(profile.address)
    except (FileNotFoundError, ConnectionRefusedError, EngineGoneError):
        return None  # nobody listens, or one that is just ending


async def _start(profile: Profile, child: EngineProcess | None, deaths: int) -> RemoteDoor:
    child = child or EngineProcess.start(profile, deaths=deaths)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    while loop.time() < begun + START_TIMEOUT_S:
        door = await _try(profile)
        if door is not None:
            return door
        if child.ended:
            failure = child.failure()
            if failure.code != "profile-in-use" or loop.time() > begun + HELD_TIMEOUT_S:
                raise failure
            door = await _until(profile, loop.time() + _HELD_POLL_S)
            if door is not None:
                return door
            child = EngineProcess.start(profile, deaths=deaths)
        await asyncio.sleep(_POLL_S)
    raise DoorError(
        f"The engine did not start within {START_TIMEOUT_S:.0f} seconds.",
        remedy=f"Look into {profile.log}.",
        code="engine-silent",
    )


async def _until(profile: Profile, deadline: float) -> RemoteDoor | None:
    """Connect to whoever listens for a profile before a deadline of the loop."""
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_POLL_S)
        door = await _try(profile)
        if door is not None:
            return door
    return None
