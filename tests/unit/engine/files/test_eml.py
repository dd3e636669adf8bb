"""An .eml file is the message, octet for octet, and its name is safe."""

from __future__ import annotations

import errno
import os
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.engine.files import eml
from desktopmail.engine.files.message import FileMessage

if TYPE_CHECKING:
    from pathlib import Path


def test_octets_are_exact_and_the_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    octets = b"Subject: ../../etc/passwd\x00 \xff\r\n\r\nbare\nLF and \xff\r\n"
    writer = eml.EmlWriter(tmp_path / "out")
    writer.write(FileMessage(octets))
    writer.write(FileMessage(octets))
    writer.close()
    (file,) = (tmp_path / "out").iterdir()
    assert file.read_bytes() == octets
    assert file.parent == tmp_path / "out"


def test_a_folder_is_read_by_name_and_a_file_alone(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.eml").write_bytes(b"Subject: %b\n\n" % name.encode())
    assert [one.octets for one in eml.read(tmp_path)] == [
        b"Subject: a\r\n\r\n",
        b"Subject: b\r\n\r\n",
    ]
    assert [one.octets for one in eml.read(tmp_path / "b.eml")] == [b"Subject: b\r\n\r\n"]


def test_names_are_short_enough_for_a_file_system_whatever_letters_they_have(
    tmp_path: Path,
) -> None:
    bold = "\N{MATHEMATICAL BOLD CAPITAL F}" * 70
    octets = f"Subject: {bold}\r\n\r\nx\r\n".encode()
    assert eml.EmlWriter(tmp_path).write(FileMessage(octets))
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == octets


def test_what_a_full_disk_cuts_off_is_not_left_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = FileMessage(b"Subject: a\r\n\r\nx\r\n")
    writer = eml.EmlWriter(tmp_path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            writer.write(message)
    assert list(tmp_path.iterdir()) == []
    assert writer.write(message)
    (file,) = tmp_path.iterdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert not writer.write(message)  # it is there
    file.write_bytes(b"Subj")  # of an earlier version, on a full disk
    assert writer.write(message)
    assert file.read_bytes() == message.octets


def test_large_letters_are_read_and_folders_pipes_and_what_macos_adds_are_not(
    tmp_path: Path,
) -> None:
    (tmp_path / "A.EML").write_bytes(b"Subject: a\r\n\r\n")
    (tmp_path / "._A.EML").write_bytes(b"\0\x05\x16\x07")
    (tmp_path / "folder.eml").mkdir()
    (tmp_path / "folder.eml" / "b.eml").write_bytes(b"Subject: b\r\n\r\n")
    os.mkfifo(tmp_path / "pipe.eml")
    assert [one.octets for one in eml.read(tmp_path)] == [
        b"Subject: a\r\n\r\n",
        b"Subject: b\r\n\r\n",
    ]


def test_a_file_with_a_name_in_another_charset_is_named_in_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.eml")).write_bytes(b"nothing\n\n")
    with pytest.raises(DoorError) as caught:
        list(eml.read(tmp_path))
    assert "caf\ufffd.eml holds no message" in caught.value.sentence


def test_nothing_more_is_read_of_a_large_file_that_holds_no_message(tmp_path: Path) -> None:
    file = tmp_path / "image"
    with file.open("wb") as image:
        image.write(b"\x7fELF")
        image.truncate(64 * 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(DoorError, match="holds no message"):
            list(eml.read(file))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * 1024 * 1024
