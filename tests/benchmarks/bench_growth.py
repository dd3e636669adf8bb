"""Rows stored and listed, from 10,000 to 100,000: whether each of many costs what each of few does.

`python -m tests.benchmarks --million growth` goes on to 1,000,000. All in one run of one engine,
against a server that makes its messages up.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from desktopmail.door.rows import View
from tests.benchmarks.engine import Running, running, settings
from tests.benchmarks.ratio import Ratio, median_seconds

MILLION = bool(os.environ.get("BENCH_MILLION"))
_FEW = 10_000
_WINDOW = 50
_MEMORY_OCTETS = 150_000_000


def measure() -> list[Ratio]:
    """List a mailbox that grows tenfold, or a hundredfold."""
    most = 1_000_000 if MILLION else 100_000
    steps = [count for count in (_FEW, 100_000, 1_000_000) if count <= most]
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.rows_canned", str(most)], stdout=subprocess.PIPE
    )
    try:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        with tempfile.TemporaryDirectory() as folder:
            took, seen, memory = asyncio.run(_listed(port, Path(folder), steps))
    finally:
        server.terminate()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
    first = took[_FEW] / _FEW
    return [
        *(
            Ratio(
                f"time for each of {count} rows stored and listed", took[count] / count, first,
                f"each of {_FEW}", "s", 1.5, at_least=False,
            )
            for count in steps[1:]
        ),
        *(
            Ratio(
                f"{_WINDOW} rows from the middle of {count}", seen[count], 0.01,
                "ten milliseconds", "s", 1.0, at_least=False,
            )
            for count in steps
        ),
        Ratio(
            f"memory of the engine while {most} rows come", memory, _MEMORY_OCTETS, "150 MB", "B",
            1.0, at_least=False,
        ),
    ]  # fmt: skip


async def _listed(
    port: int, folder: Path, steps: list[int]
) -> tuple[dict[int, float], dict[int, float], float]:
    """When so many rows were listed, how long a window took then, and the engine's memory."""
    took, seen = {}, {}
    async with running(folder) as engine:
        begin = time.perf_counter()
        await engine.add(settings(folder, port, "tanstaaf"))
        for count in steps:
            await engine.rows(count)
            took[count] = time.perf_counter() - begin
            before = time.perf_counter()
            seen[count] = median_seconds(partial(_look, engine, count), rounds=9)
            begin += time.perf_counter() - before
        return took, seen, await engine.peak_memory()


def _look(engine: Running, count: int) -> None:
    rows = engine.reader.window(View(), count // 2, _WINDOW)
    assert len(rows) == _WINDOW, f"{len(rows)} rows"
