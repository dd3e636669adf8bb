"""Snapshots of a server's folder: every database copied whole, with the keys that belong to it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import apsw

from localserver.store.errors import DamagedError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

_MARK = "localserver-snapshot"


def save(data: Path, target: Path) -> int:
    """Copy a server's folder; returns how many databases were copied.

    Databases are copied by SQLite's backup, never as files: the copy is whole even while their logs
    hold more than they do.

    Raises:
        StoreError: The target exists, or there is nothing to save.
        DamagedError: A database is damaged; no target is left behind.
    """
    if target.exists():
        raise StoreError(f"{target} exists already; choose another place.")
    found = databases(data)
    if not found:
        raise StoreError(f"{data} is no folder of a mail server.")
    target.mkdir(mode=0o700, parents=True)
    try:
        for path in found:
            _copy(path, target / path.relative_to(data))
        for name in ("master.key", "tls"):
            source = data / name
            if source.is_dir():
                shutil.copytree(source, target / name)
            elif source.exists():
                shutil.copy2(source, target / name)
        (target / _MARK).write_text("1\n", "utf-8")
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)  # half a snapshot is none
        raise
    return len(found)


def restore(source: Path, data: Path) -> int:
    """Put a snapshot in the place of a server's folder; what was there is kept beside it.

    Raises:
        StoreError: It is no snapshot, or the place is taken.
    """
    if not (source / _MARK).exists():
        raise StoreError(
            f"{source} is no snapshot; name a folder that `localserver snapshot save` made."
        )
    if data.exists() and any(each for each in data.iterdir() if each.name != "lock"):
        old = data.with_name(data.name + ".before-restore")
        if old.exists():
            raise StoreError(f"{old} is still there from an earlier restore; move it away first.")
        data.rename(old)
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in source.iterdir():
        if each.name == _MARK:
            continue
        if each.is_dir():
            shutil.copytree(each, data / each.name)
        else:
            shutil.copy2(each, data / each.name)
    return len(databases(data))


def databases(folder: Path) -> list[Path]:
    """Return every database of a server's folder."""
    patterns = ("*.db", "*.sqlite", "users/*/*.db")
    return sorted(path for pattern in patterns for path in folder.glob(pattern))


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    source = apsw.Connection(str(path))
    copy = apsw.Connection(str(target))
    try:
        with copy.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(1000)
        if copy.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
            raise DamagedError(f"{path} is damaged: no snapshot was made of it.")
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise DamagedError(f"{path} is damaged: no snapshot was made of it.") from error
    finally:
        copy.close()
        source.close()
