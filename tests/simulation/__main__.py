"""`python -m tests.simulation [--kills 500] [--seed N]` kills engines, and tells the tally.

`--virtual [--seeds 200] [--seed N]` tells stories in virtual time instead; with `--seed` that one
alone, which comes out the same each time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from tests.simulation import killing
from tests.simulation.plants import PLANTS
from tests.simulation.virtual import campaign as virtual

if TYPE_CHECKING:
    from collections.abc import Sequence

_SEED = 20261125


def main() -> int:
    """Kill, or tell stories; 1 when an end was not the undisturbed one, or a state was left out."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--virtual", action="store_true")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="of the seeds")
    parser.add_argument("--plant", choices=PLANTS, help="a bug that every engine has")
    parser.add_argument("--until-found", action="store_true", help="end with the first fault")
    options = parser.parse_args()
    if not options.virtual:
        return _kill(options.kills, _SEED if options.seed is None else options.seed)
    seeds: Sequence[int] = range(options.first, options.first + options.seeds)
    if options.plant:
        PLANTS[options.plant]()
    return _tell_stories(
        seeds if options.seed is None else [options.seed], until_found=options.until_found
    )


def _kill(count: int, seed: int) -> int:
    begin = time.monotonic()
    tally = killing.campaign(count, seed, tell=_progress)
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


def _progress(tally: killing.Tally) -> None:
    print(f"{tally.kills.total()} kills, {len(tally.faults)} faults", flush=True)


def _tell_stories(seeds: Sequence[int], *, until_found: bool) -> int:
    begin = time.monotonic()
    tally = virtual.campaign(seeds, until_found=until_found)
    print(
        f"{tally.stories} stories of {tally.hours:.0f} hours in {time.monotonic() - begin:.0f} s:"
        f" {tally.deaths} engines died, the weather met {tally.troubles} connections,"
        f" {tally.unsure} messages stood as unsure, trace {tally.trace}"
    )
    for seed, faults in tally.faults.items():
        for fault in faults:
            print(f"\nFAULT --virtual --seed {seed}: {fault}")
    return 1 if tally.faults else 0


if __name__ == "__main__":
    if "--virtual" in sys.argv and os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets of strings is chance, which no seed would bring back.
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        sys.exit(subprocess.run(again, env={**os.environ, "PYTHONHASHSEED": "0"}).returncode)
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # What dead engines held is not freed: to free a coroutine runs its `finally`.
    os._exit(status)
