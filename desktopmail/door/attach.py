"""Attaching to the engine of a profile, and starting it where it does not run."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import apsw
import msgspec

from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.remote import RemoteDoor, connect

if TYPE_CHECKING:
    from pathlib import Path

START_TIMEOUT_S = 30.0
_POLL_S = 0.03
# An engine that dies again and again dies of something that starting it once more does not mend.
MAX_DEATHS = 3
DEATHS_WITHIN_S = 60.0

_deaths: dict[Path, deque[float]] = {}


class StartFailure(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine that could not start writes to its standard output, as JSON."""

    sentence: str
    remedy: str = ""
    code: str = "failed"


@dataclass(frozen=True, slots=True)
class Session:
    """A client's connection to the engine of a profile."""

    door: RemoteDoor
    profile: Profile

    @property
    def gone(self) -> asyncio.Event:
        """Set when the engine ended, or the session was closed."""
        return self.door.gone

    def reader(self) -> SqliteReader:
        """A fresh read-only connection to the store; each thread needs its own."""
        return SqliteReader(self.profile)

    async def aclose(self) -> None:
        """Leave; the engine ends by itself after its last client."""
        await self.door.aclose()


def early_reader(profile: Profile) -> SqliteReader | None:
    """A reader of a store whose engine does not run yet; None where the engine has to come first.

    It has to make a store that is not there, and to bring one of an older version up to date.
    """
    if not profile.database.exists():
        return None
    reader = None
    try:
        reader = SqliteReader(profile)
        for look in (reader.accounts, reader.mailboxes, reader.tags, reader.questions):
            look()
        reader.identities()
        reader.problems()
        reader.sendings()
    except (DoorError, apsw.Error):
        if reader is not None:
            reader.close()
        return None
    return reader


async def attach(profile: Path | Profile | None = None, *, spawn: bool = True) -> Session:
    """Connect to the engine of a profile, starting it first where it does not run.

    Args:
        profile: Its folder, or None for the user's own.
        spawn: Start the engine when nobody listens.

    Raises:
        DoorError: The engine cannot be started: one sentence why ("engine-dies": it died three
            times within a minute under this program).
    """
    where = profile if isinstance(profile, Profile) else Profile.at(profile)
    door = await _try(where)
    if door is None and spawn:
        door = await _start(where, deaths=_refuse_the_dying(where))
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
        return await connect(profile.socket)
    except (FileNotFoundError, ConnectionRefusedError, EngineGoneError):
        return None  # nobody listens, or one that is just ending


async def _start(profile: Profile, *, deaths: int) -> RemoteDoor:
    child = _spawn(profile, deaths)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + START_TIMEOUT_S
    while loop.time() < deadline:
        door = await _try(profile)
        if door is not None:
            return door
        if child.ended:
            # Somebody else may have started one at the same moment: theirs will do.
            await asyncio.sleep(_POLL_S * 5)
            door = await _try(profile)
            if door is not None:
                return door
            raise child.failure(profile)
        await asyncio.sleep(_POLL_S)
    raise DoorError(
        f"The engine did not start within {START_TIMEOUT_S:.0f} seconds.",
        remedy=f"Look into {profile.log}.",
        code="engine-silent",
    )


class _Child:
    """An engine that was started; a thread waits for its end, so that none is left as a zombie."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._said = b""
        self._ended = threading.Event()
        threading.Thread(target=self._wait, name="engine waiter", daemon=True).start()

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def failure(self, profile: Profile) -> DoorError:
        """Why it ended before it listened."""
        with contextlib.suppress(msgspec.MsgspecError):  # it died without a word: said below
            said = msgspec.json.decode(self._said, type=StartFailure)
            return DoorError(said.sentence, remedy=said.remedy, code=said.code)
        return DoorError(
            f"The engine ended at its start (status {self._process.returncode}).",
            remedy=f"Look into {profile.log}.",
            code="engine-died",
        )

    def _wait(self) -> None:
        self._said, _ = self._process.communicate()
        self._ended.set()


def _spawn(profile: Profile, deaths: int) -> _Child:
    command = [sys.executable, "-m", "desktopmail.engine", "--profile", str(profile.folder)]
    try:
        profile.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with profile.log.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*command, "--deaths", str(deaths)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # it outlives the terminal of the client that started it
            )
    except OSError as error:
        raise DoorError(
            f"The profile {profile.folder} cannot be written: {error.strerror}.",
            remedy="Change its permissions, or name another with --profile.",
            code="profile-unwritable",
        ) from error
    return _Child(process)
