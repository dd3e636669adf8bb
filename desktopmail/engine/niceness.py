"""How much of the machine the engine takes: what a person waits for in the window goes first.

Engine and worker compute for minutes where a window has to paint within milliseconds. With two
cores for the three of them, p99 of a frame while 20,000 messages came in was 3.2 times that at
rest, all of it spent waiting for a core; with an engine that gives way, 1.3 times.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

# The scale of nice(2): 10 gets a tenth of a core that somebody else wants, and all of one that
# nobody does.
NICENESS = 10
AUTOGROUP = Path("/proc/self/autogroup")

_log = logging.getLogger(__name__)


def give_way(autogroup: Path = AUTOGROUP) -> None:
    """Let others have the cores first, from here on and in all threads and children to come.

    With Linux' autogroups (sched(7)) the niceness of a process counts among those of its session
    only. A session of our own is given the same niceness; one that we share with a terminal is not.
    """
    if not hasattr(os, "setpriority"):  # Windows
        return
    niceness = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    if os.getsid(0) != os.getpid() or not autogroup.exists():
        return
    try:
        autogroup.write_text(str(niceness), encoding="ascii")
    except OSError as error:
        _log.info("The session of the engine keeps its priority: %s.", error.strerror)
