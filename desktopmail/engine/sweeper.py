"""Removes the folder of a sandbox when its engine has gone: `python -m desktopmail.engine.sweeper`.

It waits for the end of its standard input, which comes also when the engine was killed, and then
for the server, which ends by the same sign and takes its ready file away last.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Final

from desktopmail.standard_input import wait_for_end

# A server that was killed itself takes no file away.
_PATIENCE_S: Final = 15.0
_POLL_S: Final = 0.05


def sweep(folder: Path, ready_file: Path) -> None:
    """Remove a folder once nobody holds our standard input any more, and the server has ended."""
    wait_for_end()
    until = time.monotonic() + _PATIENCE_S
    while ready_file.exists() and time.monotonic() < until:
        time.sleep(_POLL_S)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sweep(Path(sys.argv[1]), Path(sys.argv[2]))
