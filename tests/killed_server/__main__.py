"""`python -m tests.killed_server [--kills 500] [--seed N]` kills servers, and tells the tally."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.killed_server.campaign import Tally, campaign


def main() -> int:
    """Kill, and tell; 1 when something acknowledged was not there once."""
    parser = argparse.ArgumentParser(prog="python -m tests.killed_server", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261126)
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="killed-server-") as folder:
        tally = campaign(Path(folder) / "data", options.kills, options.seed, tell=_progress)
    print(f"\n{tally.kills} kills in {time.monotonic() - begin:.0f} s")
    print(f"{tally.acknowledged} commands were acknowledged; kills that fell into")
    for doing, kills in sorted(tally.doing.items()):
        print(f"  {doing}: {kills}")
    for fault in tally.faults:
        print(f"\nFAULT {fault}")
    return 1 if tally.faults else 0


def _progress(tally: Tally) -> None:
    print(f"{tally.kills} kills, {len(tally.faults)} faults", flush=True)


if __name__ == "__main__":
    sys.exit(main())
