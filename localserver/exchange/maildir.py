"""Maildir folders: a file for each message, flags in its name, everything else beside it.

What a name cannot say (keywords, the exact date and zone) is in `localserver.json`, so that our own
folders are lossless; other programs' are read by their names and times.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localserver.exchange.foreign import changed, with_crlf
from localserver.exchange.sidecar import flags_and_date, read_sidecar, write_sidecar
from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LETTERS = {
    "D": "\\Draft", "F": "\\Flagged", "R": "\\Answered", "S": "\\Seen", "T": "\\Deleted",
}  # fmt: skip
_INFO = re.compile(r":2,([A-Za-z]*)$")


def write_maildir(folder: Path, messages: Iterable[ExchangedMessage]) -> int:
    """Write messages into a Maildir, which is made; returns how many.

    Raises:
        ExchangeError: There is something in it already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExchangeError(f"{folder} is not empty.")
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    known: dict[str, ExchangedMessage] = {}
    for count, message in enumerate(messages, 1):
        moment = message.internal_date or datetime.fromtimestamp(0, UTC)
        seconds = int(moment.timestamp())
        base = f"{seconds}.M{count:08d}.localserver"
        letters = "".join(letter for letter, flag in _LETTERS.items() if flag in message.flags)
        path = folder / "cur" / f"{base}:2,{letters}"
        path.write_bytes(message.octets)
        os.utime(path, (seconds, seconds))
        known[base] = ExchangedMessage(b"", message.flags, message.internal_date)
    write_sidecar(folder, known)
    return len(known)


def read_maildir(folder: Path) -> Iterator[ExchangedMessage]:
    """Read the messages of a Maildir, the oldest name first.

    Raises:
        ExchangeError: It is none.
    """
    if not (folder / "cur").is_dir():
        raise ExchangeError(f"{folder} is no Maildir: it has no folder cur.")
    known = read_sidecar(folder)
    paths = [path for name in ("cur", "new") if (folder / name).is_dir()
             for path in (folder / name).iterdir() if path.is_file()]  # fmt: skip
    for path in sorted(paths, key=lambda path: path.name):
        yield _message(path, known)


def _message(path: Path, known: dict[str, Any]) -> ExchangedMessage:
    base = path.name.partition(":")[0]
    info = _INFO.search(path.name)
    letters = info[1] if info is not None else ""
    flags = {_LETTERS[letter] for letter in letters if letter in _LETTERS}
    if base not in known:
        return ExchangedMessage(with_crlf(path.read_bytes()), frozenset(flags), changed(path))
    # The name wins over the sidecar: another program may have changed flags since.
    said, date = flags_and_date(known[base])
    flags |= said - set(_LETTERS.values())
    return ExchangedMessage(path.read_bytes(), frozenset(flags), date)
