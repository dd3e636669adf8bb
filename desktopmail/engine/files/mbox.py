"""The mbox format: messages one behind the other, each behind a line "From ".

Written is the dialect mboxrd, the only one that can be undone: each line that begins with "From "
behind any number of ">" gets one more. Read are mboxrd and mboxo alike, and mboxcl and mboxcl2 that
say in Content-Length how long a body is: believed where the next message, or the end, stands there.
Flags travel in Status, X-Status and X-Keywords, as mutt, Dovecot and others have them. Some put
X-UID and X-IMAPbase beside them, and a message about the file in front of all.

Those fields are the file's, and the last ones of a header. A message that has one of its own (it
came out of an mbox once) is written with one of that name behind it, and keeps its own when it is
read.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from typing import TYPE_CHECKING, BinaryIO

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag
from desktopmail.engine.files import beside
from desktopmail.engine.files.message import FileMessage, with_crlf, with_lf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
# From sender date. The date as asctime has it, "From ann@example.org Mon Nov 23 07:00:00 2026", or
# as a message has it, "From ann@example.org Mon, 23 Nov 2026 07:00:00 +0100"; a sender may hold
# blanks: "From ann at example.org  Mon Nov 23 …" is what Mailman's archives have.
_SEPARATOR = re.compile(
    rb"From (?:\S+ +|(?:.* )?[A-Z][a-z]{2},? +("
    rb"[A-Z][a-z]{2} +\d?\d \d?\d:\d\d(?::\d\d)? .*\d{4}.*|"
    rb"\d?\d [A-Z][a-z]{2} \d{4} \d?\d:\d\d(?::\d\d)?.*))?\r?\n"
)
_MAX_SEPARATOR = 1000  # octets; what is longer is no separator, and would be looked at for long
_DATES = (
    re.compile(
        rb"(?P<month>[A-Z][a-z]{2}) +(?P<day>\d?\d) (?P<hour>\d?\d):(?P<minute>\d\d)"
        rb"(?::(?P<second>\d\d))? (?:.*[ ])?(?P<year>\d{4})(?: |\Z)"
    ),
    re.compile(
        rb"(?P<day>\d?\d) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) (?P<hour>\d?\d):(?P<minute>\d\d)"
        rb"(?::(?P<second>\d\d))?(?: |\Z)"
    ),
)
_ZONE = re.compile(rb" ([+-])(\d\d)(\d\d)(?: |\Z)")
_MONTHS = (
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
)  # fmt: skip
_FROM = re.compile(rb"^From ", re.MULTILINE)
_BLANK = {b"\n", b"\r\n"}
_NOTHING = {*_BLANK, b""}
_LENGTH = b"content-length"
_OF_NUMBERS = {b"x-uid", b"x-imap", b"x-imapbase"}
# A field of the file; one that goes on in the next line, or says something else, is the message's.
_FIELD = re.compile(
    rb"^(?:(Status):[ \t]*([RODNU]*)|(X-Status):[ \t]*([A-Z]*)|(X-Keywords):[ \t]*([^\r\n]*)"
    rb"|(Content-Length):[ \t]*([0-9]{1,15})"
    rb"|(X-UID):[ \t]*([0-9]*)|(X-IMAP(?:base)?):[ \t]*([0-9]+ [0-9]+[^\r\n]*))"
    rb"[ \t]*\r?\n(?![ \t])",
    re.MULTILINE | re.IGNORECASE,
)
# What Pine and UW-IMAP keep in front of all messages.
_ABOUT_THE_FILE = re.compile(
    rb"^Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\r?$", re.MULTILINE
)
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
        body = _TO_QUOTE.sub(rb">\1", body)
        self._file.write(b"From MAILER-DAEMON %b\n" % date.encode("ascii"))
        self._file.write(_TO_QUOTE.sub(rb">\1", head) + _fields(message, head, len(body)))
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
        line = file.readline()
        while line in _BLANK:
            line = file.readline()
        if line and not _is_separator(line):
            raise DoorError(
                f"{path} is no mbox: its first line begins with “From ”, but ends with no date.",
                remedy="Write it as mbox once more with the program that it comes from.",
                code="no-message",
            )
        while line:
            date_s = _date_s(line)
            head = _read_head(file)
            counted = _read_counted(file, head)
            body, line = counted if counted is not None else _read_to_separator(file)
            if b"X-IMAP: " not in head or not _ABOUT_THE_FILE.search(head):
                yield _message(head, body, date_s, is_counted=counted is not None)


def begins(octets: bytes) -> bool:
    """Whether a file that begins so is an mbox; some programs leave an empty line before it."""
    return octets.lstrip(b"\r\n").startswith(b"From ")


def _is_separator(line: bytes) -> bool:
    return (
        line.startswith(b"From ")
        and len(line) <= _MAX_SEPARATOR
        and _SEPARATOR.fullmatch(line) is not None
    )


def _date_s(separator: bytes) -> int | None:
    """When a message arrived, by its separator: in UTC where that names no zone (RFC 4155)."""
    found = _SEPARATOR.fullmatch(separator)
    said = found[1].rstrip() if found is not None and found[1] is not None else b""
    date = next((match for form in _DATES if (match := form.match(said))), None)
    if date is None or date["month"] not in _MONTHS:
        return None
    day, hour, minute, second, year = (
        int(part or b"0") for part in date.group("day", "hour", "minute", "second", "year")
    )
    try:
        moment = dt.datetime(
            year, _MONTHS.index(date["month"]) + 1, day, hour, minute, second, tzinfo=dt.UTC
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
    lengths = [value for name, value, _ in _fields_in(head) if name == _LENGTH]
    if not lengths:
        return None
    begin, size = file.tell(), int(lengths[-1])
    if size <= os.fstat(file.fileno()).st_size - begin:
        file.seek(begin + size)
        line = file.readline()
        if line in _BLANK:
            line = file.readline()
        after = file.tell()
        if not line or _is_separator(line):
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
        if after_blank and _is_separator(line):
            break
        lines.append(line)
        after_blank = line in _BLANK
    if lines and lines[-1] in _BLANK:
        lines.pop()  # it stands between the messages and belongs to none
    return b"".join(lines), line


def _message(head: bytes, body: bytes, date_s: int | None, *, is_counted: bool) -> FileMessage:
    head, body = with_lf(head), with_lf(body)
    head, fields = _taken_off(head, is_counted=is_counted)
    if not is_counted or not _FROM.search(body):
        head, body = _QUOTED.sub(rb"\1", head), _QUOTED.sub(rb"\1", body)
    flags = Flag.NONE
    tags: tuple[str, ...] = ()
    for name, value in fields:
        for letter, flag in _LETTERS.get(name, {}).items():
            if letter in value.upper():
                flags |= flag
        if name == b"x-keywords":
            tags = tuple(value.decode("utf-8", "replace").split())
    return FileMessage(with_crlf(head + body), flags, tags, date_s)


def _parted(lines: bytes) -> tuple[bytes, bytes]:
    """A header and a body, each line with its end; the empty line between them is in neither."""
    if lines.startswith(b"\n"):
        return b"", _ended(lines[1:])
    head, _, body = lines.partition(b"\n\n")
    return _ended(head), _ended(body)


def _ended(lines: bytes) -> bytes:
    return lines if lines.endswith(b"\n") or not lines else lines + b"\n"


def _fields_in(head: bytes) -> list[tuple[bytes, bytes, tuple[int, int]]]:
    """What may be fields of the file: name in small letters, value, from where to where."""
    found = []
    for match in _FIELD.finditer(head):
        name, value = (part for part in match.groups() if part is not None)
        found.append((name.lower(), value, match.span()))
    return found


def _taken_off(head: bytes, *, is_counted: bool) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """A header without the fields of the file, and those.

    Of each name that is the last one, behind which only such fields stand; where there is none, as
    other programs have it, every one.
    """
    fields = [one for one in _fields_in(head) if is_counted or one[0] != _LENGTH]
    end = len(head) - (head == b"\n" or head.endswith(b"\n\n"))
    last: set[bytes] = set()
    taken = []
    for name, value, (begin, behind) in reversed(fields):
        if behind == end and name not in last:
            last.add(name)
            end = begin
        elif name in last:
            continue
        taken.append((name, value, begin, behind))
    for _, _, begin, behind in taken:  # from the last to the first
        head = head[:begin] + head[behind:]
    return head, [(name, value) for name, value, _, _ in reversed(taken)]


def _fields(message: FileMessage, head: bytes, size: int) -> bytes:
    """The fields of the file for a message; one behind each that the message has itself."""
    own = {name: head[begin:end] for name, _, (begin, end) in _fields_in(head)}
    more = b"".join(
        letter for letter, flag in _LETTERS[b"x-status"].items() if message.flags & flag
    )
    lines = [b"Status: %b\n" % (b"RO" if message.flags & Flag.SEEN else b"O")]
    if more or b"x-status" in own:
        lines.append(b"X-Status: %b\n" % more)
    if message.tags or b"x-keywords" in own:
        lines.append(b"X-Keywords: %b\n" % " ".join(message.tags).encode())
    if _LENGTH in own:
        lines.append(b"Content-Length: %d\n" % size)
    lines += [line for name, line in own.items() if name in _OF_NUMBERS]
    return b"".join(lines)
