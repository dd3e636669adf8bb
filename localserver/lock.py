"""One server at a time on one folder: a lock of the operating system, gone with the process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from localserver.store.errors import LockedError

if TYPE_CHECKING:
    from pathlib import Path


class FolderLock:
    """A lock on a server's folder; made by `lock_folder`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give it back; harmless when called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def lock_folder(folder: Path) -> FolderLock:
    """Lock a folder; it is made when it does not exist.

    Raises:
        LockedError: Another server works on it.
        OSError: It cannot be made, or not be written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise LockedError(
            f"Another server works on the folder {folder}; stop it, or choose another --data."
        ) from error
    return FolderLock(descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
