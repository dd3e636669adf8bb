"""Files of a profile that are replaced as a whole: who reads one finds what was, or what is."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def replace(path: Path, octets: bytes, *, durable: bool = False) -> None:
    """Have a file hold these octets, which nobody else may read.

    Args:
        path: The file; what stood there before stays until all of the new is written.
        octets: All that it holds.
        durable: They are on the disk when this returns.

    Raises:
        OSError: The folder or the disk refused; the file is as it was.
    """
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(octets)
        if durable:
            file.flush()
            os.fsync(handle)
    os.replace(fresh, path)
