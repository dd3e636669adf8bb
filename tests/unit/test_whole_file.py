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


@pytest.mark.parametrize("durable", [False, True])
def test_what_stood_there_before_is_replaced(tmp_path: Path, durable: bool) -> None:
    for octets in (b"first, and longer", b"second"):
        whole_file.replace(tmp_path / "note.json", octets, durable=durable)
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
        whole_file.replace(tmp_path / "note.json", b"second", durable=True)
    assert (tmp_path / "note.json").read_bytes() == b"first"
