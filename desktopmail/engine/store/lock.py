"""The lock on a profile: one engine writes it, and everybody else is told who that is."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.file_lock import FileLock, HeldError

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile

# Where SQLite's locks and shared memory cannot be trusted, whatever the mount options say.
NETWORK_FILE_SYSTEMS = frozenset(
    {
        "9p", "afs", "ceph", "cifs", "coda", "davfs", "fuse.davfs2", "fuse.glusterfs",
        "fuse.rclone", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4",
        "smb3", "smbfs",
    }
)  # fmt: skip
_MOUNTS = Path("/proc/self/mounts")


class ProfileLock:
    """Holds the operating system's lock on a profile; it goes with the process that took it.

    Raises:
        DoorError: Another engine has it ("profile-in-use"), the folder is on a network file system
            ("network-profile") or cannot be written ("profile-unwritable").
    """

    def __init__(self, profile: Profile, *, mounts: str | None = None) -> None:
        try:
            profile.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _refuse_network(profile.folder, _read_mounts() if mounts is None else mounts)
            self._lock = FileLock(profile.lock, _own_name())
        except HeldError as error:
            raise DoorError(
                f"The profile {profile.folder} is in use by {error.holder or 'another engine'}.",
                remedy="Close that program first, or name another profile with --profile.",
                code="profile-in-use",
            ) from error
        except OSError as error:
            raise DoorError(
                f"The profile {profile.folder} cannot be written: {error.strerror}.",
                remedy="Change its permissions, or name another with --profile.",
                code="profile-unwritable",
            ) from error

    def release(self) -> None:
        """Let the next engine in."""
        self._lock.release()


def _own_name() -> str:
    try:
        user = getpass.getuser()
    except (ImportError, KeyError, OSError):  # the number of a user whom no file knows
        user = "somebody"
    return f"{user} on {socket.gethostname()} (process {os.getpid()})"


def _read_mounts() -> str:
    return _MOUNTS.read_text("utf-8", "replace") if _MOUNTS.exists() else ""


def _refuse_network(folder: Path, mounts: str) -> None:
    kind = file_system_of(folder.resolve(), mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        raise DoorError(
            f"The profile {folder} is on a network file system ({kind}), where mail would be"
            " damaged.",
            remedy="Name a folder on a disk of this machine with --profile.",
            code="network-profile",
        )


def file_system_of(folder: Path, mounts: str) -> str:
    """Return the type of the file system a folder is on, as /proc/self/mounts names it."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(fields[1].replace("\\040", " "))
        if folder.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), fields[2]
    return kind
