"""The bundled server as a process of its own, on free ports, stopped by its own process id."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse"
_SERVICES = ("smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps")
_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running `localserver serve`; the users have the password `PASSWORD`."""

    ports: dict[str, int]
    ca_file: str
    domain: str
    process: subprocess.Popen[bytes]
    token: str = ""  # of the administration API


@contextmanager
def server_process(
    folder: Path,
    *arguments: str,
    users: tuple[str, ...] = ("alice", "bob"),
    api: bool = False,
) -> Iterator[ServerProcess]:
    """Start a server, wait for its ready file, and stop it with SIGTERM at the end.

    Args:
        folder: For the ready file and the log.
        arguments: Further arguments; without `--data` it keeps everything in memory.
        users: Who may log in.
        api: Serve the administration API, too.
    """
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "localserver", "serve", "--ready-file", str(ready)]
    for service in _SERVICES:
        command += [f"--{service}", "0"]
    command += ["--api", "0" if api else "-1"]
    for user in users:
        command += ["--user", f"{user}:{PASSWORD}"]
    if "--data" not in arguments:
        command.append("--memory")
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, *arguments], stdout=log, stderr=log)
    try:
        # No clock but the test's own: on a busy machine its share of a core is what a start takes,
        # and 20 seconds were not enough once. A server that will never be ready ends.
        while not ready.exists() or not ready.read_bytes().endswith(b"}\n"):
            if process.poll() is not None:
                said = (folder / "server.log").read_text("utf-8", "replace")
                raise AssertionError(f"the server did not start: {said}")
            time.sleep(0.01)
        told = json.loads(ready.read_text("utf-8"))
        yield ServerProcess(told["ports"], told["ca_file"], told["domain"], process, told["token"])
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=_TIMEOUT_S)
