"""Programs that want a terminal, run in one that nobody looks at."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PATIENCE_S = 60.0
_NONE: Mapping[bytes, bytes] = MappingProxyType({})


def in_terminal(command: list[str], home: Path, answers: Mapping[bytes, bytes] = _NONE) -> bytes:
    """Run a program that wants a terminal; returns what it drew.

    Args:
        command: The program and its arguments.
        home: Its home.
        answers: What is typed when the screen ends so; each once.
    """
    waiting = dict(answers)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "HOME": str(home), "TERM": "vt100", "LINES": "24", "COLUMNS": "80"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    screen = b""
    until = time.monotonic() + _PATIENCE_S
    try:
        while time.monotonic() < until:
            ready, _, _ = select.select([ours], [], [], 0.1)
            if ready:
                try:
                    screen += os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                for prompt in [it for it in waiting if screen.endswith(it)]:
                    os.write(ours, waiting.pop(prompt))
            elif process.poll() is not None:
                break
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return screen
