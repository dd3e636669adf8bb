"""The mbox format: messages one behind the other, each behind a line "From ".

Written is the dialect mboxrd, the only one that can be undone: each line that begins with "From "
behind any number of ">" gets one more. What is read of others, and which fields are the file's, is
in `desktopmail/mime/mbox.py`. A message that has one of those fields itself (it came out of an mbox
once) is written with one of that name behind it, and keeps its own when it is read.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, BinaryIO

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag
from desktopmail.engine.files import beside
from desktopmail.engine.files.message import FileMessage, with_crlf, with_lf
from desktopmail.mime.mbox import (
    LENGTH,
    OF_NUMBERS,
    MboxError,
    MboxMessage,
    begins,
    fields_in,
    message_of,
    pieces,
    quoted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MboxWriter", "begins", "read"]

_LETTERS = {
    b"status": {b"R": Flag.SEEN},
    b"x-status": {b"A": Flag.ANSWERED, b"F": Flag.FLAGGED, b"T": Flag.DRAFT, b"D": Flag.DELETED},
}


class MboxWriter:
    """Writes messages to an mbox file; what was there before stays until this one is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # of a link, what it points to
        self._being_written = beside.of(self._path)
        self._file: BinaryIO = self._being_written.open("wb")

    def write(self, message: FileMessage) -> bool:
        """Add a message; the file is new, so it was not there."""
        date = time.asctime(time.gmtime(message.date_s or 0))
        head, body = _parted(with_lf(message.octets))
        body = quoted(body)
        self._file.write(b"From MAILER-DAEMON %b\n" % date.encode("ascii"))
        self._file.write(quoted(head) + _fields(message, head, len(body)))
        self._file.write(b"\n" + body + b"\n")
        return True

    def close(self) -> None:
        """Put the file into its place."""
        with self._file:
            self._file.flush()
            if self._being_written != self._path:
                os.fsync(self._file.fileno())
                self._being_written.replace(self._path)

    def abandon(self) -> None:
        """Leave everything as it was: the messages did not come to an end."""
        if self._being_written != self._path:
            self._being_written.unlink(missing_ok=True)
        self._file.close()


def read(path: Path) -> Iterator[FileMessage]:
    """Iterate over the messages of an mbox file; one is in memory at a time.

    Raises:
        DoorError: It begins with no separator of a known form: what stands in it is not known.
    """
    with path.open("rb") as file:
        try:
            for piece in pieces(file):
                if (message := message_of(piece)) is not None:
                    yield _of_file(message)
        except MboxError as error:
            raise DoorError(
                f"{path} is no mbox: its first line begins with “From ”, but ends with no date.",
                remedy="Write it as mbox once more with the program that it comes from.",
                code="no-message",
            ) from error


def _of_file(message: MboxMessage) -> FileMessage:
    flags = Flag.NONE
    for name, letters in ((b"status", message.status), (b"x-status", message.more_status)):
        for letter, flag in _LETTERS[name].items():
            if letter in letters:
                flags |= flag
    return FileMessage(with_crlf(message.lines), flags, message.keywords, message.date_s)


def _parted(lines: bytes) -> tuple[bytes, bytes]:
    """A header and a body, each line with its end; the empty line between them is in neither."""
    if lines.startswith(b"\n"):
        return b"", _ended(lines[1:])
    head, _, body = lines.partition(b"\n\n")
    return _ended(head), _ended(body)


def _ended(lines: bytes) -> bytes:
    return lines if lines.endswith(b"\n") or not lines else lines + b"\n"


def _fields(message: FileMessage, head: bytes, size: int) -> bytes:
    """The fields of the file for a message; one behind each that the message has itself."""
    own = {name: head[begin:end] for name, _, (begin, end) in fields_in(head)}
    more = b"".join(
        letter for letter, flag in _LETTERS[b"x-status"].items() if message.flags & flag
    )
    lines = [b"Status: %b\n" % (b"RO" if message.flags & Flag.SEEN else b"O")]
    if more or b"x-status" in own:
        lines.append(b"X-Status: %b\n" % more)
    if message.tags or b"x-keywords" in own:
        lines.append(b"X-Keywords: %b\n" % " ".join(message.tags).encode())
    if LENGTH in own:
        lines.append(b"Content-Length: %d\n" % size)
    lines += [line for name, line in own.items() if name in OF_NUMBERS]
    return b"".join(lines)
