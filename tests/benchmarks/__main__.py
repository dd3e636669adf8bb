"""Prints the table of ratios: `python -m tests.benchmarks [--full] [--million] [NAME…]`.

Exit status 1 on a miss.

With `--full` the corpora have the sizes of the requirements (10,000 messages of 313 MB, 100,000 of
3 KB), else a fifth of them (`BENCH_SCALE`); each line says how many messages it is about. With
`--million` what grows is followed to a million messages, some minutes more.
Each `bench_<noun>.py` has `measure() -> Iterable[Ratio]`. A benchmark whose peer is not installed
says so by raising `MissingPeerError`, and counts as not measured.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from tests.benchmarks.peer import MissingPeerError

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run the benchmarks named, or all; returns the exit status."""
    if "--full" in names:
        os.environ["BENCH_SCALE"] = "1"
        names = [name for name in names if name != "--full"]
    if "--million" in names:
        os.environ["BENCH_MILLION"] = "1"
        names = [name for name in names if name != "--million"]
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}; there are {', '.join(known)}.")
        return 2
    missed = 0
    for name in names or known:
        print(f"{name}", flush=True)
        try:
            for ratio in importlib.import_module(f"tests.benchmarks.bench_{name}").measure():
                missed += not ratio.holds
                print(f"  {ratio}", flush=True)
        except MissingPeerError as error:
            print(f"  not measured: {error}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
