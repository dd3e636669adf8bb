"""A file that is written is there as a whole, or what stood there still is."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.files import beside

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_disk_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "file"
    beside.write(path, b"before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        beside.write(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_goes_on_pointing_to_the_file_and_a_long_name_is_written(tmp_path: Path) -> None:
    file = tmp_path / ("\N{LATIN SMALL LETTER A WITH DIAERESIS}" * 127)
    link = tmp_path / "link"
    link.symlink_to(file)
    beside.write(link, b"octets")
    assert link.is_symlink()
    assert file.read_bytes() == b"octets"


def test_a_device_is_written_itself(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert beside.of(pipe) == pipe
    assert beside.of(tmp_path / "new").parent == tmp_path
