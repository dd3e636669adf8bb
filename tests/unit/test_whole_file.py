"""A file is replaced as a whole, or stays as it was."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from desktopmail import whole_file

if TYPE_CHECKING:
    from pathlib import Path


def test_what_stood_there_before_is_replaced(tmp_path: Path) -> None:
    for octets in (b"first, and longer", b"second"):
        whole_file.replace(tmp_path / "note.json", octets)
        assert (tmp_path / "note.json").read_bytes() == octets
    assert [path.name for path in tmp_path.iterdir()] == ["note.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    whole_file.replace(tmp_path / "note.json", b"mail")
    assert stat.S_IMODE((tmp_path / "note.json").stat().st_mode) == 0o600


def test_on_a_full_disk_it_stays_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_file.replace(tmp_path / "note.json", b"first")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        whole_file.replace(tmp_path / "note.json", b"second")
    assert (tmp_path / "note.json").read_bytes() == b"first"


@pytest.mark.skipif(sys.platform == "win32", reason="folders of POSIX")
def test_the_octets_are_on_the_disk_before_the_name_and_the_name_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, rename = os.fsync, os.replace

    def fsync(handle: int) -> None:
        steps.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        if steps[-1] == "file":
            assert os.fstat(handle).st_size == len(b"mail")
        sync(handle)

    def replace(source: Path, target: Path) -> None:
        steps.append("name")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    whole_file.replace(tmp_path / "note.json", b"mail")
    assert steps == ["file", "name", "folder"]
