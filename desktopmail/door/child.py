"""The process of an engine that was started here."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile


# The C library keeps what threads free apart, for each thread that ever asked: of a sync that was
# 15 MB in engine and worker. Of our threads one runs at a time. What is large is to be given back
# at once: a bound that rises by itself, as is usual, costs 5 MB. What is smaller is kept for the
# next that is as large: to give back each read of the network and to ask for it again was a
# twentieth of a first sync (`engine.freed_memory` gives it back afterwards). A person may set other
# numbers.
_LITTLE_MEMORY = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1024 * 1024),
    "MALLOC_TRIM_THRESHOLD_": str(4 * 1024 * 1024),
}


def _private(path: str, flags: int) -> int:
    """Open a file that nobody else may read, when it is made."""
    return os.open(path, flags, 0o600)


class StartFailure(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine that could not start writes to its standard output, as JSON."""

    sentence: str
    remedy: str = ""
    code: str = "failed"


class EngineProcess:
    """An engine that was started; a thread waits for its end, so that none is left as a zombie."""

    def __init__(self, process: subprocess.Popen[bytes], profile: Profile) -> None:
        self._process = process
        self._profile = profile
        self._said = b""
        self._ended = threading.Event()
        threading.Thread(target=self._wait, name="engine waiter", daemon=True).start()

    @classmethod
    def start(cls, profile: Profile, *, deaths: int = 0) -> EngineProcess:
        """Start the engine of a profile; where another one runs already it ends by itself.

        Args:
            profile: Whose engine.
            deaths: How often it died of late under this program.

        Raises:
            DoorError: The profile cannot be written.
        """
        command = [sys.executable, "-m", "desktopmail.engine", "--profile", str(profile.folder)]
        try:
            profile.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(profile.log, "ab", opener=_private) as log:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [*command, "--deaths", str(deaths)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    # It outlives the terminal of the client; on Windows by a console of its own,
                    # which is not shown.
                    start_new_session=True,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                    env=_LITTLE_MEMORY | os.environ,
                )
        except OSError as error:
            raise DoorError(
                f"The profile {profile.folder} cannot be written: {error.strerror}.",
                remedy="Change its permissions, or name another with --profile.",
                code="profile-unwritable",
            ) from error
        return cls(process, profile)

    @property
    def ended(self) -> bool:
        """Whether it runs no longer."""
        return self._ended.is_set()

    def failure(self) -> DoorError:
        """Why it ended before it listened."""
        with contextlib.suppress(msgspec.MsgspecError):  # it died without a word: said below
            said = msgspec.json.decode(self._said, type=StartFailure)
            return DoorError(said.sentence, remedy=said.remedy, code=said.code)
        return DoorError(
            f"The engine ended at its start (status {self._process.returncode}).",
            remedy=f"Look into {self._profile.log}.",
            code="engine-died",
        )

    def _wait(self) -> None:
        self._said, _ = self._process.communicate()
        self._ended.set()
