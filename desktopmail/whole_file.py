"""Files of a profile that are replaced as a whole: who reads one finds what was, or what is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, octets: bytes) -> None:
    """Have a file hold these octets, which nobody else may read; they are durable then.

    Both are written out: the octets before the new name, or a file could be found empty after a
    loss of power, and the folder behind it, or the old one could be found again.

    Args:
        path: The file; what stood there before stays until all of the new is on the disk.
        octets: All that it holds.

    Raises:
        OSError: The folder or the disk refused; the file is as it was, unless it was the writing
            out of the folder that failed.
    """
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(handle)
    os.replace(fresh, path)
    if not hasattr(os, "O_DIRECTORY"):  # Windows: a folder cannot be opened there
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
