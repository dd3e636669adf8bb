"""Processes that find no more than Windows has: no Unix sockets, `fcntl`, or signals of a loop."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ELSEWHERE = Path(__file__).parent / "elsewhere"


def python_path() -> str:
    """The PYTHONPATH under which a process, and those that it starts, are such a one."""
    rest = os.environ.get("PYTHONPATH", "")
    return os.pathsep.join([str(_ELSEWHERE), str(_ROOT), *([rest] if rest else [])])


def run_without(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in such a process, to its end."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": python_path()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
