"""Foreign programs that a benchmark measures against."""

from __future__ import annotations

import os
import shutil

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class MissingPeerError(Exception):
    """The program to measure against is not installed."""


def program(name: str) -> str:
    """Return the path of a foreign program.

    Raises:
        MissingPeerError: It is not installed.
    """
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise MissingPeerError(f"{name} is not installed")
    return found
