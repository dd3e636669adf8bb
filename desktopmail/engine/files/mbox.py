"""The mbox format: messages one behind the other, each behind a line "From ".

Written is the dialect mboxrd, the only one that can be undone: each line that begins with "From "
behind any number of ">" gets one more. Read are mboxrd and mboxo alike; flags travel in Status,
X-Status and X-Keywords, as mutt, Dovecot and others have them.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, BinaryIO

from desktopmail.door.rows import Flag
from desktopmail.engine.files.message import FileMessage, with_crlf, with_lf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
# From sender date, the date as asctime has it: "From ann@example.org Mon Nov 23 07:00:00 2026"
_SEPARATOR = re.compile(
    rb"From (?:\S+ +)?(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d(?::\d\d)? .*\d{4}.*)?\r?\n"
)
_STATUS = re.compile(
    rb"^(Status|X-Status|X-Keywords):[ \t]*([^\n]*)\n", re.MULTILINE | re.IGNORECASE
)
_LETTERS = {
    b"status": {b"R": Flag.SEEN},
    b"x-status": {b"A": Flag.ANSWERED, b"F": Flag.FLAGGED, b"T": Flag.DRAFT, b"D": Flag.DELETED},
}


class MboxWriter:
    """Writes messages to an mbox file, behind what is in it."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab")

    def write(self, message: FileMessage) -> bool:
        """Add a message; the file is new, so it was not there."""
        date = time.asctime(time.gmtime(message.date_s or 0))
        lines = with_lf(message.octets)
        head, blank, body = lines.partition(b"\n\n")
        head = _STATUS.sub(b"", head + b"\n") + _status(message)
        content = head + blank[1:] + body if blank else head
        self._file.write(b"From MAILER-DAEMON %b\n" % date.encode("ascii"))
        self._file.write(_TO_QUOTE.sub(rb">\1", content))
        self._file.write(b"\n" if content.endswith(b"\n") else b"\n\n")
        return True

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def read(path: Path) -> Iterator[FileMessage]:
    """Iterate over the messages of an mbox file; one is in memory at a time."""
    with path.open("rb") as file:
        lines: list[bytes] = []
        is_inside = False
        after_blank = True
        for line in file:
            if after_blank and line.startswith(b"From ") and _SEPARATOR.fullmatch(line):
                if is_inside:
                    yield _message(lines)
                lines, is_inside = [], True
            elif is_inside:
                lines.append(line)
            after_blank = line in {b"\n", b"\r\n"}
        if is_inside:
            yield _message(lines)


def _message(lines: list[bytes]) -> FileMessage:
    if lines and lines[-1] in {b"\n", b"\r\n"}:
        lines.pop()  # it stands between the messages and belongs to none
    content = with_lf(_QUOTED.sub(rb"\1", b"".join(lines)))
    head, blank, body = content.partition(b"\n\n")
    flags, tags = Flag.NONE, ()
    for name, value in _STATUS.findall(head + b"\n"):
        letters = _LETTERS.get(name.lower())
        if letters is None:
            tags = tuple(value.decode("utf-8", "replace").split())
            continue
        for letter, flag in letters.items():
            if letter in value:
                flags |= flag
    head = _STATUS.sub(b"", head + b"\n").removesuffix(b"\n") if blank else _STATUS.sub(b"", head)
    return FileMessage(with_crlf(head + blank + body), flags, tags)


def _status(message: FileMessage) -> bytes:
    more = b"".join(
        letter for letter, flag in _LETTERS[b"x-status"].items() if message.flags & flag
    )
    lines = [b"Status: %b\n" % (b"RO" if message.flags & Flag.SEEN else b"O")]
    if more:
        lines.append(b"X-Status: %b\n" % more)
    if message.tags:
        lines.append(b"X-Keywords: %b\n" % " ".join(message.tags).encode())
    return b"".join(lines)
