"""mbox files: mboxrd quoting, and one line of our own for what mbox cannot say.

Programs that know mbox see ordinary messages with `Status`. Our own reading takes the inserted
lines away again, and by their count of octets restores even a message without a last line end.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# RFC 4155 appendix A: "From " SP addr-spec SP asctime LF
_SEPARATOR = re.compile(rb"From [^\n]*\n")
_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_OWN = re.compile(rb"(?:Status: [A-Z]*\n)?(?:X-Status: [A-Z]*\n)?X-Localserver: (\{[^\n]*\})\n")
_STATUS = re.compile(rb"^Status:[ \t]*([A-Z]*)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_X_STATUS = re.compile(rb"^X-Status:[ \t]*([A-Z]*)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_LETTERS = {"A": "\\Answered", "F": "\\Flagged", "D": "\\Deleted", "T": "\\Draft"}


def write_mbox(file: BinaryIO, messages: Iterable[ExchangedMessage]) -> int:
    """Write messages to a file that is open for writing; returns how many."""
    count = 0
    for message in messages:
        moment = message.internal_date or datetime.fromtimestamp(0, UTC)
        stamp = moment.astimezone(UTC).strftime("%a %b %e %H:%M:%S %Y")
        file.write(f"From MAILER-DAEMON {stamp}\n".encode())
        file.write(_own_lines(message))
        file.write(_TO_QUOTE.sub(rb">\1", message.octets))
        file.write(b"\n\n")
        count += 1
    return count


def _own_lines(message: ExchangedMessage) -> bytes:
    status = "RO" if "\\Seen" in message.flags else "O"
    letters = "".join(letter for letter, flag in _LETTERS.items() if flag in message.flags)
    date = message.internal_date.isoformat() if message.internal_date else None
    own = {"octets": len(message.octets), "flags": sorted(message.flags), "date": date}
    extra = f"X-Status: {letters}\n" if letters else ""
    return f"Status: {status}\n{extra}X-Localserver: {json.dumps(own)}\n".encode()


def read_mbox(path: Path) -> Iterator[ExchangedMessage]:
    """Read the messages of an mbox file, our own or another program's.

    Raises:
        ExchangeError: It is no mbox.
    """
    octets = path.read_bytes()
    if not octets:
        return
    starts = [0] if _SEPARATOR.match(octets) else []
    starts += [found.start() + 1 for found in re.finditer(rb"\n(?=From [^\n]*\n)", octets)]
    if not starts or starts[0] != 0:
        raise ExchangeError(f"{path} is no mbox: it does not begin with a From line.")
    for start, end in zip(starts, [*starts[1:], len(octets)], strict=True):
        body = octets.index(b"\n", start) + 1
        yield _message(octets[body:end])


def _message(octets: bytes) -> ExchangedMessage:
    own = _OWN.match(octets)
    if own is None:
        # The empty line before the next separator is not part of the message.
        plain = _QUOTED.sub(rb"\1", octets)
        plain = plain[:-1] if plain.endswith(b"\n\n") else plain
        plain = plain[:-2] if plain.endswith(b"\r\n\r\n") and b"\n\n" not in plain else plain
        return ExchangedMessage(plain, _foreign_flags(plain))
    values = json.loads(own[1])
    plain = _QUOTED.sub(rb"\1", octets[own.end() :])[: values["octets"]]
    date = datetime.fromisoformat(values["date"]) if values["date"] else None
    return ExchangedMessage(plain, frozenset(values["flags"]), date)


def _foreign_flags(octets: bytes) -> frozenset[str]:
    header = octets[: max(octets.find(b"\n\n"), octets.find(b"\r\n\r\n"), 0)] or octets
    flags = set()
    status, more = _STATUS.search(header), _X_STATUS.search(header)
    if status is not None and b"R" in status[1]:
        flags.add("\\Seen")
    if more is not None:
        flags |= {_LETTERS[letter] for letter in more[1].decode() if letter in _LETTERS}
    return frozenset(flags)
