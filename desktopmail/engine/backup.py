"""A backup of the store while it is in use; a live database file is never copied as a file."""

from __future__ import annotations

import errno
import logging
import shutil
from typing import TYPE_CHECKING

import apsw

from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.rows import SendingState
from desktopmail.door.sqlite import DAMAGE, open_read_only
from desktopmail.engine.store import operation, sending

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Store, Transaction


_log = logging.getLogger("desktopmail.engine")


async def write(store: Store, folder: Path) -> None:
    """Write a copy of the store into a folder that is new or empty.

    It runs between two steps of the store: rows and octets are of one moment. A copy is used when
    the store has long sent what waits, and told servers of what was put and copied into mailboxes:
    in the copy the one is unsure, and asked about, and the other is looked for before it is told.

    Raises:
        DoorError: The folder is in use or cannot be written.
    """
    target = Profile.at(folder)

    def step(_tx: Transaction) -> None:
        try:
            is_taken = folder.exists() and any(folder.iterdir())
        except OSError as error:
            raise _failed(folder, error) from error
        if is_taken:
            raise DoorError(
                f"{folder} is not empty.", remedy="Name a new folder.", code="not-empty"
            )
        try:
            target.segments.mkdir(mode=0o700, parents=True, exist_ok=True)
            if store.profile.loose.exists():
                target.loose.touch(mode=0o600)
            for segment in sorted(store.profile.segments.glob("*.db")):
                _copy_segment(segment, target.segments / segment.name)
            # The rows come last, and whole: what a sudden end leaves behind is taken for no store.
            part = target.database.with_name(f"{target.database.name}-part")
            _copy(store.profile.database, part)
            _do_nothing_again(part)
            part.rename(target.database)
        except (OSError, apsw.Error) as error:
            _remove(target)
            raise _failed(folder, error) from error

    await store.read(step)


def _remove(target: Profile) -> None:
    """Leave no part of a backup: it might be taken for one."""
    rows = (*target.folder.glob(target.database.name + "*"), *target.folder.glob(target.loose.name))
    for path in (*target.segments.glob("*"), *rows):
        path.unlink()
    for folder in (target.segments, target.folder):
        if folder.is_dir():
            folder.rmdir()


def _copy_segment(source: Path, target: Path) -> None:
    """Copy a segment; one that is no database any more as it is: nobody writes into that."""
    try:
        _copy(source, target)
    except DAMAGE as error:
        _log.error("%s is damaged, and copied as it is: %s", source, error)
        target.with_name(target.name + "-journal").unlink(missing_ok=True)
        shutil.copyfile(source, target)


def _copy(source: Path, target: Path) -> None:
    origin = open_read_only(source)
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", origin, "main") as backup:
            while not backup.done:
                backup.step(10_000)
    finally:
        copy.close()
        origin.close()


def _do_nothing_again(database: Path) -> None:
    """Have it known in the copy that the store itself goes on with what waits."""
    copy = apsw.Connection(str(database))
    try:
        waiting = (SendingState.QUEUED, *sending.IN_FLIGHT)
        copy.executemany(
            "UPDATE sending SET state = ?, problem = ? WHERE state = ?",
            [(SendingState.UNSURE.value, sending.COPIED, state.value) for state in waiting],
        )
        copy.execute(operation.MAY_BE_TOLD)
    finally:
        copy.close()


def _failed(folder: Path, error: OSError | apsw.Error) -> DoorError:
    if isinstance(error, DAMAGE):
        return DoorError(
            f"The backup to {folder} failed: the store is damaged.",
            remedy="`desktopmail doctor --repair` puts right what can be.",
            code="no-backup",
        )
    is_place = isinstance(error, OSError) and error.errno not in {errno.ENOSPC, errno.EDQUOT}
    return DoorError(
        f"The backup to {folder} failed: {_reason(error)}.",
        remedy="Name another place." if is_place else "Look whether there is room.",
        code="no-backup",
    )


def _reason(error: OSError | apsw.Error) -> str:
    if isinstance(error, apsw.FullError):
        return "the disk is full"  # SQLite's own words may be "not an error"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
