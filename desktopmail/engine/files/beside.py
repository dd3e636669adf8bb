"""A file that is written beside its place, and put there when it is whole and on the disk.

What stood there stays until then, also where the disk is full in the middle.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME_OCTETS = 200  # a file system takes 255


def of(path: Path) -> Path:
    """Where it is written meanwhile; a pipe and a device are written themselves."""
    if path.exists() and not path.is_file():
        return path
    name = os.fsencode(path.name)[:_NAME_OCTETS].decode("utf-8", "ignore")
    return path.with_name(f".{name}.{os.getpid()}.part")


def write(path: Path, octets: bytes) -> None:
    """Have a file hold these octets.

    Raises:
        OSError: The folder or the disk refused; what stood there is as it was.
    """
    path = path.resolve()  # of a link, what it points to
    being_written = of(path)
    try:
        with being_written.open("wb") as file:
            file.write(octets)
            if being_written != path:
                file.flush()
                os.fsync(file.fileno())
        if being_written != path:
            being_written.replace(path)
    except BaseException:
        if being_written != path:
            being_written.unlink(missing_ok=True)
        raise
