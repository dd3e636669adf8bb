"""mbox files: mboxrd quoting, and one line of our own for what mbox cannot say.

Programs that know mbox see ordinary messages with `Status`. Our own reading takes the inserted
lines away again, and by their count of octets restores even a message without a last line end.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from localserver.exchange.foreign import date_in, date_of, with_crlf
from localserver.exchange.sidecar import flags_and_date, said_of
from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

# RFC 4155 appendix A: "From " SP addr-spec SP asctime LF
_SEPARATOR = re.compile(rb"From [^\n]*\n")
_TO_QUOTE = re.compile(rb"^(>*From )", re.MULTILINE)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_OWN = re.compile(
    rb"(?:Status: ([A-Z]*)\n)?(?:X-Status: ([A-Z]*)\n)?(X-Localserver: (\{[^\n]*\})\n)"
)
_ANY_STATUS = re.compile(rb"^(?:X-)?Status:[^\n]*\n", re.MULTILINE | re.IGNORECASE)
_STATUS = re.compile(rb"^Status:[ \t]*([A-Z]*)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_X_STATUS = re.compile(rb"^X-Status:[ \t]*([A-Z]*)[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_X_KEYWORDS = re.compile(rb"^X-Keywords:[ \t]*([^\r\n]*)\r?$", re.MULTILINE | re.IGNORECASE)
_KEYWORD = re.compile(r"[!#$&'+-\[^-z|}~]{1,200}")  # an atom: RFC 9051 section 9
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
    own = {"octets": len(message.octets), **said_of(message)}
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
        raise ExchangeError(
            f"{path} is no mbox: it does not begin with a From line; a single message is read with "
            "--format eml."
        )
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(octets)], strict=True), 1):
        body = octets.index(b"\n", start) + 1
        own = _OWN.match(octets, body)
        if own is None:
            yield _foreign(octets[start:body], octets[body:end])
            continue
        try:
            yield _own(own, octets[own.end() : end])
        except (ValueError, KeyError, TypeError) as error:
            raise ExchangeError(
                f"The line X-Localserver of message {number} in {path} is damaged; without this "
                "line the message is read, but not its keywords."
            ) from error


def _own(own: re.Match[bytes], rest: bytes) -> ExchangedMessage:
    values: dict[str, Any] = json.loads(own[4])
    flags, date = flags_and_date(values)
    plain, size = _QUOTED.sub(rb"\1", rest), int(values["octets"])
    keywords = flags - {"\\Seen", *_LETTERS.values()}
    if len(plain) == size + 2 and plain.endswith(b"\n\n"):
        # Status wins over our line: another program may have changed flags since.
        system = flags if own[1] is None else _system(own[1], own[2])
        return ExchangedMessage(plain[:size], keywords | system, date)
    # Another program wrote it anew: what we counted is not what stands there.
    head, blank, body = _with_status(own, plain).partition(b"\r\n\r\n")
    octets = _ANY_STATUS.sub(b"", head + blank[:2]) + blank[2:] + body
    return ExchangedMessage(octets, keywords | _foreign_flags(head), date)


def _with_status(own: re.Match[bytes], plain: bytes) -> bytes:
    """What stands there without our line, with CRLF and without the empty lines at its end."""
    octets = own[0].removesuffix(own[3]) + plain
    octets = octets.removesuffix(b"\n\n") if octets.endswith(b"\n\n\n") else octets
    return with_crlf(octets.removesuffix(b"\n") if octets.endswith(b"\n\n") else octets)


def _system(status: bytes | None, more: bytes | None) -> frozenset[str]:
    """Return the flags that the letters of Status and X-Status stand for."""
    letters = (more or b"").decode("ascii", "ignore")
    seen = {"\\Seen"} if b"R" in (status or b"") else set()
    return frozenset(seen | {_LETTERS[letter] for letter in letters if letter in _LETTERS})


def _foreign(separator: bytes, octets: bytes) -> ExchangedMessage:
    octets = with_crlf(_QUOTED.sub(rb"\1", octets))
    # The empty line before the next separator is not part of the message.
    octets = octets.removesuffix(b"\r\n") if octets.endswith(b"\r\n\r\n") else octets
    # "From " SP addr-spec SP asctime: when it was delivered, in UTC.
    _, _, moment = (
        separator.decode("ascii", "replace").rstrip().removeprefix("From ").partition(" ")
    )
    return ExchangedMessage(octets, _foreign_flags(octets), date_in(moment) or date_of(octets))


def _foreign_flags(octets: bytes) -> frozenset[str]:
    header = octets[: max(octets.find(b"\r\n\r\n"), 0)] or octets
    status, more = _STATUS.search(header), _X_STATUS.search(header)
    flags = set(_system(status and status[1], more and more[1]))
    if (keywords := _X_KEYWORDS.search(header)) is not None:
        words = keywords[1].decode("ascii", "ignore").split()
        flags |= {word for word in words if _KEYWORD.fullmatch(word)}
    return frozenset(flags)
