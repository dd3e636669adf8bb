"""An .eml file is the message, octet for octet, and its name is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
