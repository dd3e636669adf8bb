"""The Maildir format: a file for each message, its flags in the name of the file."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag
from desktopmail.engine.files.message import FileMessage, with_crlf, with_lf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# In ASCII order, as the names have to have them.
_LETTERS = {
    "D": Flag.DRAFT, "F": Flag.FLAGGED, "P": Flag.FORWARDED, "R": Flag.ANSWERED, "S": Flag.SEEN,
    "T": Flag.DELETED,
}  # fmt: skip


class MaildirWriter:
    """Writes messages into a Maildir; one that is there already is not written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._there = {path.name.partition(":")[0] for path in (folder / "cur").iterdir()}

    def write(self, message: FileMessage) -> bool:
        """Add a message: into tmp, durable, then moved to its place.

        Says whether it was not there already.
        """
        octets = with_lf(message.octets)
        digest = hashlib.sha256(octets).hexdigest()[:24]
        unique = f"{message.date_s or 0}.{digest}.desktopmail"
        if unique in self._there:
            return False
        self._there.add(unique)
        letters = "".join(letter for letter, flag in _LETTERS.items() if message.flags & flag)
        being_written = self._folder / "tmp" / unique
        with being_written.open("wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        if message.date_s is not None:
            os.utime(being_written, (message.date_s, message.date_s))
        being_written.rename(self._folder / "cur" / f"{unique}:2,{letters}")
        return True

    def close(self) -> None:
        """Every message is in its place already."""


def read(folder: Path) -> Iterator[FileMessage]:
    """Iterate over the messages of a Maildir, those delivered first first."""
    for entry in sorted(_entries(folder)):
        delivered_ns, name, part = entry.split("\0")
        _, _, letters = name.partition(":2,")
        flags = Flag.NONE
        for letter, flag in _LETTERS.items():
            if letter in letters:
                flags |= flag
        octets = with_crlf((folder / part / name).read_bytes())
        yield FileMessage(octets, flags, (), int(delivered_ns) // 1_000_000_000)


def _entries(folder: Path) -> Iterator[str]:
    """When each message was delivered, its name and where it stands.

    As one text, which is in the order in which they are read: a hundred thousand paths, with what
    they remember of themselves, took 55 MB.
    """
    for part in ("cur", "new"):
        if not (folder / part).is_dir():
            continue
        with os.scandir(folder / part) as found:
            for one in found:
                if not one.name.startswith(".") and one.is_file():
                    delivered_ns = max(one.stat().st_mtime_ns, 0)
                    yield f"{delivered_ns:020}\0{one.name}\0{part}"
