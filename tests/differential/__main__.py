"""`python -m tests.differential [--first 0] [--seeds 20]` tries the engine against Dovecot.

With `--sending` it is tried to send by Postfix.

Of each seed it tells how Dovecot was set up, and, where something was found, what was done.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.differential import sending, trial

if TYPE_CHECKING:
    from tests.differential.report import Report


def main() -> int:
    """Go through trials; 1 when one of them has found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="of the seeds")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=40, help="of each")
    parser.add_argument("--story", action="store_true", help="tell what was done in any case")
    parser.add_argument("--sending", action="store_true", help="send by Postfix")
    options = parser.parse_args()
    go_through = sending.trial if options.sending else trial.trial
    found = 0
    for seed in range(options.first, options.first + options.seeds):
        begin = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="trial-") as folder:
            report = asyncio.run(go_through(seed, Path(folder), steps=options.steps))
        found += bool(report.faults)
        took_s = time.monotonic() - begin
        ended = " ".join(f"{count} {state}," for state, count in report.sendings.items())
        faults = f"{len(report.faults)} faults"
        print(f"{seed} {report.setup}: {faults}, {ended} {took_s:.0f} s", flush=True)
        _tell(report, story=options.story or bool(report.faults))
    return 1 if found else 0


def _tell(report: Report, *, story: bool) -> None:
    for one in report.failed:
        print(f"  failed: {one}")
    for what, count in report.refused.items():
        print(f"  refused {count}: {what}")
    if story:
        print("\n".join(f"  | {line}" for line in report.story))
    for fault in report.faults:
        print(f"  FAULT {fault}")
    if "Traceback" in report.log:
        print(report.log[-4000:])


if __name__ == "__main__":
    raise SystemExit(main())
