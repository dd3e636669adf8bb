"""A lock on a file: one process has it, and it is gone with that process, whatever ended it."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MAX_HOLDER_OCTETS = 1000
_HELD = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    # Far behind what stands in the file: nobody can read there what somebody has locked.
    _LOCKED_AT = 1 << 30

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_AT, os.SEEK_SET)
        try:
            mode = msvcrt.LK_NBLCK  # type: ignore[attr-defined] # not where mypy runs
            msvcrt.locking(descriptor, mode, 1)  # type: ignore[attr-defined] # the same
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class HeldError(Exception):
    """Somebody else has the lock.

    Attributes:
        holder: Who, in the words that they left in the file; "" when they left none.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder or "somebody else")
        self.holder = holder


class FileLock:
    """Holds the lock on a file until it is released or the process ends.

    Args:
        path: The file; made for its user alone where it is not there, and left there.
        holder: Who we are, written into the file for those who come later.

    Raises:
        HeldError: Somebody else has it.
        OSError: The file cannot be made or opened, or the file system has no locks.
    """

    def __init__(self, path: Path, holder: str = "") -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            is_ours = _taken(descriptor)
            said = b"" if is_ours else os.read(descriptor, _MAX_HOLDER_OCTETS)
            if is_ours:
                os.ftruncate(descriptor, 0)
                os.write(descriptor, holder.encode())
        except BaseException:
            os.close(descriptor)
            raise
        if not is_ours:
            os.close(descriptor)
            raise HeldError(said.decode("utf-8", "replace").strip())
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give it back; harmless when called again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_held(path: Path) -> bool:
    """Whether a process has the lock on a file.

    It is tried for a moment: who wants the lock just then is told that somebody has it.

    Raises:
        OSError: The file is there and cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not _taken(descriptor)
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    """Take the lock without waiting; False when somebody else has it.

    Raises:
        OSError: The file system has no locks.
    """
    try:
        _lock(descriptor)
    except OSError as error:
        if error.errno not in _HELD:
            raise
        return False
    return True
