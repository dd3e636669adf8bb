"""Files of the format mbox, read: messages one behind the other, each behind a line "From ".

mboxrd and mboxo are read alike, and mboxcl and mboxcl2 that say in Content-Length how long a body
is: believed where the next message, or the end, stands there. Flags travel in Status, X-Status and
X-Keywords, as mutt, Dovecot and others have them. Some put X-UID and X-IMAPbase beside them, and a
message about the file in front of all.

Those fields are the file's, and the last ones of a header: what stands before them under the same
name is the message's own.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from io import SEEK_END
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
LENGTH = b"content-length"
OF_NUMBERS = {b"x-uid", b"x-imap", b"x-imapbase"}
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


class MboxError(ValueError):
    """A file begins with no separator of a known form: what stands in it is not known."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands in a file for one message, each octet of it.

    Attributes:
        separator: The line "From ".
        head: The header, with the fields of the file and the empty line behind it.
        body: As long as Content-Length says, or up to the next separator.
        between: The empty line before the next separator, which belongs to no message; or nothing.
        is_counted: Whether Content-Length told where it ends.
    """

    separator: bytes
    head: bytes
    body: bytes
    between: bytes
    is_counted: bool


@dataclass(frozen=True, slots=True)
class MboxMessage:
    """A message out of an mbox.

    Attributes:
        lines: Without the fields of the file and with LF at the end of lines, as in files of Unix.
        status: The letters of Status, in capitals.
        more_status: Those of X-Status.
        keywords: Of X-Keywords.
        date_s: When it arrived, seconds since 1970; None where the separator does not say.
    """

    lines: bytes
    status: bytes
    more_status: bytes
    keywords: tuple[str, ...]
    date_s: int | None


def begins(octets: bytes) -> bool:
    """Whether a file that begins so is an mbox; some programs leave an empty line before it."""
    return octets.lstrip(b"\r\n").startswith(b"From ")


def pieces(file: BinaryIO, is_quoted: Callable[[bytes], bool] = lambda _: False) -> Iterator[Piece]:
    """Iterate over what stands in a file; one message is in memory at a time.

    Args:
        file: Open for reading, at its beginning; it can be sought in.
        is_quoted: Whether a header says that in this message each line "From " is quoted: then a
            Content-Length in it is its own.

    Raises:
        MboxError: It begins with no separator of a known form.
    """
    size = file.seek(0, SEEK_END)
    file.seek(0)
    line = file.readline()
    while line in _BLANK:
        line = file.readline()
    if line and not _is_separator(line):
        raise MboxError
    while line:
        separator, head = line, _read_head(file)
        counted = None if is_quoted(head) else _read_counted(file, head, size)
        body, between, line = counted if counted is not None else _read_to_separator(file)
        yield Piece(separator, head, body, between, counted is not None)


def message_of(piece: Piece) -> MboxMessage | None:
    """Return the message of a piece; None for what Pine and others keep about the file."""
    if b"X-IMAP: " in piece.head and _ABOUT_THE_FILE.search(piece.head):
        return None
    head, fields = _taken_off(_with_lf(piece.head), is_counted=piece.is_counted)
    body = _with_lf(piece.body)
    if not piece.is_counted or not _FROM.search(body):
        head, body = unquoted(head), unquoted(body)
    said = dict(fields)
    return MboxMessage(
        head + body,
        said.get(b"status", b"").upper(),
        said.get(b"x-status", b"").upper(),
        tuple(said.get(b"x-keywords", b"").decode("utf-8", "replace").split()),
        date_s(piece.separator),
    )


def quoted(octets: bytes) -> bytes:
    """Octets in which no line begins with "From ", as mboxrd has them: this can be undone."""
    return _TO_QUOTE.sub(rb">\1", octets)


def unquoted(octets: bytes) -> bytes:
    """What was quoted."""
    return _QUOTED.sub(rb"\1", octets)


def _with_lf(octets: bytes) -> bytes:
    return octets.replace(b"\r\n", b"\n")


def _is_separator(line: bytes) -> bool:
    return (
        line.startswith(b"From ")
        and len(line) <= _MAX_SEPARATOR
        and _SEPARATOR.fullmatch(line) is not None
    )


def date_s(separator: bytes) -> int | None:
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


def _read_counted(file: BinaryIO, head: bytes, end: int) -> tuple[bytes, bytes, bytes] | None:
    """The body as long as the header says, what is behind it, and the separator; None if it lies.

    Args:
        file: Behind the header.
        head: The header.
        end: Octets in the file.
    """
    lengths = [value for name, value, _ in fields_in(head) if name == LENGTH]
    if not lengths:
        return None
    begin, size = file.tell(), int(lengths[-1])
    if size <= end - begin:
        file.seek(begin + size)
        between, line = b"", file.readline()
        if line in _BLANK:
            between, line = line, file.readline()
        after = file.tell()
        if not line or _is_separator(line):
            file.seek(begin)
            body = file.read(size)
            file.seek(after)
            return body, between, line
    file.seek(begin)
    return None


def _read_to_separator(file: BinaryIO) -> tuple[bytes, bytes, bytes]:
    """The body up to a separator behind an empty line, that line, and the separator."""
    lines: list[bytes] = []
    after_blank = True  # the one that ends the header
    while line := file.readline():
        if after_blank and _is_separator(line):
            break
        lines.append(line)
        after_blank = line in _BLANK
    between = lines.pop() if lines and lines[-1] in _BLANK else b""
    return b"".join(lines), between, line


def fields_in(head: bytes) -> list[tuple[bytes, bytes, tuple[int, int]]]:
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
    fields = [one for one in fields_in(head) if is_counted or one[0] != LENGTH]
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
