"""`python -m tests.simulation [--kills 500] [--seed N]` kills engines, and tells the tally."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.killing import Tally, campaign


def main() -> int:
    """Kill, and tell; 1 when an end was not the undisturbed one, or a state was left out."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20261125)
    options = parser.parse_args()
    begin = time.monotonic()
    tally = campaign(options.kills, options.seed, tell=_progress)
    print(f"\n{tally.kills.total()} kills in {time.monotonic() - begin:.0f} s")
    for name, kills in sorted(tally.kills.items()):
        print(f"  {name}: {kills}")
    print("kills that found the store with something in a state:")
    for state, kills in sorted(tally.found.items()):
        print(f"  {state}: {kills}")
    print(f"messages that stood as unsure in the end: {tally.unsure}")
    missing = tally.missing()
    for state, kills in missing.items():
        print(f"too few kills fell into {state}: {kills}")
    for fault in tally.faults:
        print(f"\nFAULT {fault}")
    return 1 if tally.faults or missing else 0


def _progress(tally: Tally) -> None:
    print(f"{tally.kills.total()} kills, {len(tally.faults)} faults", flush=True)


if __name__ == "__main__":
    sys.exit(main())
