"""One server at a time on one folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.file_lock import FileLock, HeldError
from localserver.store.errors import LockedError

if TYPE_CHECKING:
    from pathlib import Path


def lock_folder(folder: Path) -> FileLock:
    """Lock a folder; it is made when it does not exist.

    Raises:
        LockedError: Another server works on it.
        OSError: It cannot be made, or not be written to.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return FileLock(folder / "lock")
    except HeldError as error:
        raise LockedError(
            f"Another server works on the folder {folder}; stop it, or choose another --data."
        ) from error
