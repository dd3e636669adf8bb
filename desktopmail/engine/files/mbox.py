"""The mbox format: messages one behind the other, each behind a line "From ".

Written is the dialect mboxrd, the only one that can be undone: each line that begins with "From "
behind any number of ">" gets one more. Read are mboxrd and mboxo alike, and mboxcl and mboxcl2 that
say in Content-Length how long a body is: believed where the next message, or the end, stands there.
Flags travel in Status, X-Status and X-Keywords, as mutt, Dovecot and others have them.
"""

from __future__ import annotations

import datetime as dt
import os
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
    rb"From (?:\S+ +)?(?:[A-Z][a-z]{2} ([A-Z][a-z]{2} [ \d]\d \d\d:\d\d(?::\d\d)? .*\d{4}.*))?\r?\n"
)
_DATE = re.compile(
    rb"([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d)(?::(\d\d))? (?:.*[ ])?(\d{4})(?: |\Z)"
)
_ZONE = re.compile(rb" ([+-])(\d\d)(\d\d)(?: |\Z)")
_MONTHS = (
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
)  # fmt: skip
_FROM = re.compile(rb"^From ", re.MULTILINE)
_LENGTH = re.compile(
    rb"^Content-Length:[ \t]*([0-9]{1,15})[ \t]*\r?\n", re.MULTILINE | re.IGNORECASE
)
_BLANK = {b"\n", b"\r\n"}
_NOTHING = {*_BLANK, b""}
_STATUS = re.compile(
    rb"^(Status|X-Status|X-Keywords):[ \t]*([^\n]*)\n", re.MULTILINE | re.IGNORECASE
)
_LETTERS = {
    b"status": {b"R": Flag.SEEN},
    b"x-status": {b"A": Flag.ANSWERED, b"F": Flag.FLAGGED, b"T": Flag.DRAFT, b"D": Flag.DELETED},
}


class MboxWriter:
    """Writes messages to an mbox file; what was there before stays until this one is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()  # of a link, what it points to
        self._being_written = self._path
        if self._path.is_file() or not self._path.exists():  # else a pipe, or a device
            self._being_written = self._path.with_name(f".{path.name}.{os.getpid()}.part")
        self._file: BinaryIO = self._being_written.open("wb")

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
    """Iterate over the messages of an mbox file; one is in memory at a time."""
    with path.open("rb") as file:
        line = file.readline()
        while line and not _SEPARATOR.fullmatch(line):
            line = file.readline()
        while line:
            date_s = _date_s(line)
            head = _read_head(file)
            counted = _read_counted(file, head)
            if counted is not None:
                body, line = counted
                quoted = not _FROM.search(body)
                yield _message(_LENGTH.sub(b"", head), body, date_s, quoted=quoted)
            else:
                body, line = _read_to_separator(file)
                yield _message(head, body, date_s, quoted=True)


def begins(octets: bytes) -> bool:
    """Whether a file that begins so is an mbox; some programs leave an empty line before it."""
    return octets.lstrip(b"\r\n").startswith(b"From ")


def _date_s(separator: bytes) -> int | None:
    """When a message arrived, by its separator: in UTC where that names no zone (RFC 4155)."""
    found = _SEPARATOR.fullmatch(separator)
    said = found[1] if found is not None else None
    date = _DATE.match(said) if said is not None else None
    if said is None or date is None or date[1] not in _MONTHS:
        return None
    day, hour, minute, second = (int(part or b"0") for part in date.group(2, 3, 4, 5))
    try:
        moment = dt.datetime(
            int(date[6]), _MONTHS.index(date[1]) + 1, day, hour, minute, second, tzinfo=dt.UTC
        )
    except ValueError:
        return None
    zone = _ZONE.search(said)
    if zone is not None:
        ahead = dt.timedelta(hours=int(zone[2]), minutes=int(zone[3]))
        moment += -ahead if zone[1] == b"+" else ahead
    return max(int(moment.timestamp()), 0)


def _read_head(file: BinaryIO) -> bytes:
    """The header with the empty line behind it; a header without a body may end without one."""
    lines: list[bytes] = []
    while (line := file.readline()) not in _NOTHING:
        lines.append(line)
    return b"".join(lines) + line


def _read_counted(file: BinaryIO, head: bytes) -> tuple[bytes, bytes] | None:
    """The body as long as the header says, and the separator behind it; None where it lies."""
    said = _LENGTH.search(head)
    if said is None:
        return None
    begin, size = file.tell(), int(said[1])
    if size <= os.fstat(file.fileno()).st_size - begin:
        file.seek(begin + size)
        line = file.readline()
        if line in _BLANK:
            line = file.readline()
        after = file.tell()
        if not line or _SEPARATOR.fullmatch(line):
            file.seek(begin)
            body = file.read(size)
            file.seek(after)
            return body, line
    file.seek(begin)
    return None


def _read_to_separator(file: BinaryIO) -> tuple[bytes, bytes]:
    """The body up to a separator behind an empty line, without that line; and the separator."""
    lines: list[bytes] = []
    after_blank = True  # the one that ends the header
    while line := file.readline():
        if after_blank and line.startswith(b"From ") and _SEPARATOR.fullmatch(line):
            break
        lines.append(line)
        after_blank = line in _BLANK
    if lines and lines[-1] in _BLANK:
        lines.pop()  # it stands between the messages and belongs to none
    return b"".join(lines), line


def _message(head: bytes, body: bytes, date_s: int | None, *, quoted: bool) -> FileMessage:
    head, body = with_lf(head), with_lf(body)
    if quoted:
        head, body = _QUOTED.sub(rb"\1", head), _QUOTED.sub(rb"\1", body)
    flags, tags = Flag.NONE, ()
    for name, value in _STATUS.findall(head):
        letters = _LETTERS.get(name.lower())
        if letters is None:
            tags = tuple(value.decode("utf-8", "replace").split())
            continue
        for letter, flag in letters.items():
            if letter in value:
                flags |= flag
    return FileMessage(with_crlf(_STATUS.sub(b"", head) + body), flags, tags, date_s)


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
