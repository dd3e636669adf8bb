"""A segment as it stands when the engine was killed in the middle of writing into it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SCRIPT = """\
import apsw, os, sys
connection = apsw.Connection(sys.argv[1])
connection.execute("PRAGMA cache_size = 2; BEGIN")
connection.execute("UPDATE octets SET stored = zeroblob(5000000), deflated = 0")
connection.cache_flush()
os.kill(os.getpid(), 9)
"""


def half_write(segment: Path) -> Path:
    """Kill a process in the middle of its writing into a segment; returns the journal it leaves."""
    subprocess.run([sys.executable, "-c", _SCRIPT, str(segment)], check=False, timeout=60)
    journal = segment.with_suffix(".db-journal")
    assert journal.stat().st_size > 0
    return journal
