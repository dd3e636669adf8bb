"""`desktopmail` as its users call it: a process, with a profile of its own."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.helpers.server import ServerProcess

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """What a call of the program did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Program:
    """The program on one profile."""

    profile: Path

    def run(self, *arguments: str, stdin: str = "", timeout_s: float = 60) -> Run:
        """Call it and wait for its end."""
        done = subprocess.run(
            [sys.executable, "-m", "desktopmail", "--profile", str(self.profile), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
            cwd=ROOT,
            env=environment(),
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str, stdin: str = "", timeout_s: float = 60) -> Run:
        """Call it; it has to succeed."""
        run = self.run(*arguments, stdin=stdin, timeout_s=timeout_s)
        assert run.status == 0, (arguments, run.err, self.log())
        return run

    def add_account(
        self, server: ServerProcess, user: str, password: Path, *, kind: str = "imap"
    ) -> Run:
        """Add an account of that user on a server without TLS on loopback."""
        return self.run(*account_arguments(server, user, kind), "--password-file", str(password))

    def engine_pid(self) -> int:
        """The process id of the engine of this profile.

        One that has ended already, as it does soon after its last client, is begun again before.
        """
        while not (found := self._engine_pids()):
            self.ok("account", "list")
        assert len(found) == 1, found
        return found[0]

    def _engine_pids(self) -> list[int]:
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and str(self.profile) in _arguments(entry)
        ]

    def kill_engine(self) -> None:
        """Kill the engine as a crash would, and wait until it is gone."""
        while not _is_killed(self.engine_pid()):
            pass  # it had just ended by itself

    def log(self) -> str:
        """What the engine had to say."""
        path = self.profile / "engine.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""


def account_arguments(server: ServerProcess, user: str, kind: str) -> Sequence[str]:
    """The arguments of `account add`, but for the password."""
    return [
        "account", "add", "--name", f"{user}-{kind}", "--address", f"{user}@{server.domain}",
        f"--{kind}", f"127.0.0.1:{server.ports[kind]}",
        "--smtp", f"127.0.0.1:{server.ports['submission']}",
        "--security", "none", "--user", user,
    ]  # fmt: skip


def environment() -> dict[str, str]:
    """The environment without a display, and without a keyring that belongs to somebody."""
    kept = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    return {
        **kept,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }


def _is_killed(pid: int) -> bool:
    """Kill a process, and wait until it is gone; False where it was gone before."""
    try:
        told = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    # Told when all its threads have ended: its files, locks and sockets are closed by then. Its
    # arguments are gone from /proc before they are.
    try:
        signal.pidfd_send_signal(told, signal.SIGKILL)
        assert select.select([told], [], [], 20)[0], "the engine is still there"
    except ProcessLookupError:
        return False
    finally:
        os.close(told)
    return True


def _arguments(entry: Path) -> list[str]:
    """The arguments of a process that runs the engine; empty for any other, and for a zombie."""
    try:
        arguments = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return []
    return arguments if "desktopmail.engine" in arguments else []
