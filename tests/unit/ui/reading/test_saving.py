"""Attachments on their way to the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.ui.reading.saving import free_name, write_new

if TYPE_CHECKING:
    from pathlib import Path


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    assert free_name(tmp_path, "a.pdf") == tmp_path / "a.pdf"
    (tmp_path / "a.pdf").touch()
    assert free_name(tmp_path, "a.pdf") == tmp_path / "a (2).pdf"
    (tmp_path / "a (2).pdf").touch()
    assert free_name(tmp_path, "a.pdf") == tmp_path / "a (3).pdf"


def test_a_file_is_written_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    write_new(tmp_path / "a.pdf", b"octets")
    assert (tmp_path / "a.pdf").read_bytes() == b"octets"
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def test_what_is_there_is_replaced_only_where_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"before")
    with pytest.raises(FileExistsError):
        write_new(path, b"after")
    assert path.read_bytes() == b"before"
    write_new(path, b"after", replace=True)
    assert path.read_bytes() == b"after"


def test_a_folder_that_refuses_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_new(tmp_path / "folder", b"octets", replace=True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
