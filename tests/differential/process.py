"""The engine's process of a trial: it is started where it does not run, and can be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.profile import Profile
from desktopmail.door.remote import RemoteDoor, connect
from tests.helpers.program import ROOT, environment

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from pathlib import Path

_START_S = 30.0


class EngineProcess:
    """The engine's process, started where it does not run.

    Args:
        folder: Where its profile and its log are.
        ways: As `tests.differential.engine` takes them.
    """

    def __init__(self, folder: Path, ways: Sequence[str]) -> None:
        self.profile = Profile.at(folder / "profile")
        self._log = folder / "engine.log"
        self._ways = ",".join(ways) or "plain"
        self._process: subprocess.Popen[bytes] | None = None
        self._door: RemoteDoor | None = None
        self._starting = asyncio.Lock()

    async def door(self) -> RemoteDoor:
        """The door to it."""
        async with self._starting:
            return await self._open_door()

    async def _open_door(self) -> RemoteDoor:
        if self._door is not None and not self._door.gone.is_set():
            return self._door
        if self._process is not None:
            self._process.wait(timeout=10)
        self._process = self._start()
        loop = asyncio.get_running_loop()
        until = loop.time() + _START_S
        while True:
            try:
                self._door = await connect(self.profile.address)
            except (OSError, DoorError):
                if self._process.poll() == -signal.SIGKILL:
                    raise EngineGoneError("The engine has ended.") from None
                if loop.time() > until or self._process.poll() is not None:
                    raise RuntimeError(f"no engine: {self.log()[-2000:]}") from None
                await asyncio.sleep(0.05)
            else:
                return self._door

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.differential.engine", self._ways, "--profile",
                 str(self.profile.folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env=environment(), start_new_session=True,
            )  # fmt: skip

    async def kill(self) -> None:
        """End it with nothing flushed, rolled back or said goodbye to."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._door is not None:
            await self._door.aclose()
            self._door = None

    async def kill_amid(self, *work: Coroutine[None, None, None], after_s: float) -> None:
        """Kill it while work goes on, and wait for that; what it failed of is raised."""
        begun = asyncio.gather(*work, return_exceptions=True)
        await asyncio.sleep(after_s)
        await self.kill()
        for one in await begun:
            if one is not None:
                raise one

    def log(self) -> str:
        """What it has logged."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""
