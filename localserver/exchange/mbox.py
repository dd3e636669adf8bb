"""mbox files: mboxrd quoting, and one line of our own for what mbox cannot say.

Programs that know mbox see ordinary messages with `Status`. Our own reading takes the inserted
lines away again, and by their count of octets restores even a message without a last line end.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from desktopmail.mime.mbox import MboxError, Piece, begins, message_of, pieces, quoted, unquoted
from localserver.exchange.foreign import date_of, with_crlf
from localserver.exchange.sidecar import flags_and_date, said_of
from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_OWN = re.compile(
    rb"(?:Status: ([A-Z]*)\n)?(?:X-Status: ([A-Z]*)\n)?(X-Localserver: (\{[^\n]*\})\n)"
)
_KEYWORD = re.compile(r"[!#$&'+-\[^-z|}~]{1,200}")  # an atom: RFC 9051 section 9
# Empty lines that some programs leave before the first line are among so many octets.
_BEGINNING = 4096
_LETTERS = {"A": "\\Answered", "F": "\\Flagged", "D": "\\Deleted", "T": "\\Draft"}


def write_mbox(file: BinaryIO, messages: Iterable[ExchangedMessage]) -> int:
    """Write messages to a file that is open for writing; returns how many."""
    count = 0
    for message in messages:
        moment = (message.internal_date or datetime.fromtimestamp(0, UTC)).astimezone(UTC)
        stamp = f"{moment:%a %b %e %H:%M:%S} {moment.year:04}"
        file.write(f"From MAILER-DAEMON {stamp}\n".encode())
        file.write(_own_lines(message))
        file.write(quoted(message.octets))
        file.write(b"\n\n")
        count += 1
    return count


def _own_lines(message: ExchangedMessage) -> bytes:
    status = "RO" if "\\Seen" in message.flags else "O"
    letters = "".join(letter for letter, flag in _LETTERS.items() if flag in message.flags)
    own = {"octets": len(message.octets), **said_of(message)}
    extra = f"X-Status: {letters}\n" if letters else ""
    return f"Status: {status}\n{extra}X-Localserver: {json.dumps(own)}\n".encode()


def read_mbox(path: Path) -> Iterator[ExchangedMessage]:
    """Read the messages of an mbox file, our own or another program's; one is in memory at a time.

    Raises:
        ExchangeError: It is no mbox.
    """
    with path.open("rb") as file:
        if (beginning := file.read(_BEGINNING)) and not begins(beginning):
            raise ExchangeError(
                f"{path} is no mbox: it does not begin with a From line; a single message is read "
                "with --format eml."
            )
        try:
            for number, piece in enumerate(pieces(file, _is_own), 1):
                own = _OWN.match(piece.head)
                found = _foreign(piece) if own is None else _own(own, piece, number, path)
                if found is not None:
                    yield found
        except MboxError as error:
            raise ExchangeError(
                f"{path} is no mbox: its first line begins with “From ”, but ends with no date."
            ) from error


def _is_own(head: bytes) -> bool:
    return _OWN.match(head) is not None


def _own(own: re.Match[bytes], piece: Piece, number: int, path: Path) -> ExchangedMessage:
    try:
        values: dict[str, Any] = json.loads(own[4])
        flags, date = flags_and_date(values)
        size = int(values["octets"])
    except (ValueError, KeyError, TypeError) as error:
        raise ExchangeError(
            f"The line X-Localserver of message {number} in {path} is damaged; without this line "
            "the message is read, but not its keywords."
        ) from error
    head = piece.head[own.end() :]
    plain = unquoted(head + piece.body + piece.between)
    keywords = flags - {"\\Seen", *_LETTERS.values()}
    if len(plain) == size + 2 and plain.endswith(b"\n\n"):
        # Status wins over our line: another program may have changed flags since.
        system = flags if own[1] is None else _system(own[1], own[2] or b"")
        return ExchangedMessage(plain[:size], keywords | system, date)
    # Another program wrote it anew: what we counted is not what stands there.
    # One of the two line ends that we wrote behind a message is left in it.
    body = piece.body.removesuffix(b"\n") if piece.body.endswith(b"\n\n") else piece.body
    found = _foreign(replace(piece, head=_with_status(own, head), body=body))
    if found is None:
        return ExchangedMessage(with_crlf(plain), flags, date)
    return replace(found, flags=keywords | found.flags, internal_date=date)


def _with_status(own: re.Match[bytes], head: bytes) -> bytes:
    """A header with what stands before our line at its end, where fields of a file are."""
    fields, blank = (head[:-1], b"\n") if head.endswith(b"\n\n") or head == b"\n" else (head, b"")
    return fields + own[0].removesuffix(own[3]) + blank


def _system(status: bytes, more: bytes) -> frozenset[str]:
    """Return the flags that the letters of Status and X-Status stand for."""
    letters = more.decode("ascii", "ignore")
    seen = {"\\Seen"} if b"R" in status else set()
    return frozenset(seen | {_LETTERS[letter] for letter in letters if letter in _LETTERS})


def _foreign(piece: Piece) -> ExchangedMessage | None:
    message = message_of(piece)
    if message is None:
        return None
    octets = with_crlf(message.lines)
    keywords = {word for word in message.keywords if _KEYWORD.fullmatch(word)}
    flags = _system(message.status, message.more_status) | keywords
    if message.date_s is None:
        return ExchangedMessage(octets, flags, date_of(octets))
    return ExchangedMessage(octets, flags, datetime.fromtimestamp(message.date_s, UTC))
