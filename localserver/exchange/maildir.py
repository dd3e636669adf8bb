"""Maildir folders: a file for each message, flags in its name, everything else beside it.

What a name cannot say (keywords, the exact date and zone) is in `localserver.json`, so that our own
folders are lossless; other programs' are read by their names and times.
"""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SIDECAR = "localserver.json"
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
    known: dict[str, Any] = {}
    for count, message in enumerate(messages, 1):
        moment = message.internal_date or datetime.fromtimestamp(0, UTC)
        seconds = int(moment.timestamp())
        base = f"{seconds}.M{count:08d}.localserver"
        letters = "".join(letter for letter, flag in _LETTERS.items() if flag in message.flags)
        path = folder / "cur" / f"{base}:2,{letters}"
        path.write_bytes(message.octets)
        os.utime(path, (seconds, seconds))
        date = message.internal_date.isoformat() if message.internal_date else None
        known[base] = {"flags": sorted(message.flags), "date": date}
    (folder / SIDECAR).write_text(json.dumps(known, indent=0), "utf-8")
    return len(known)


def read_maildir(folder: Path) -> Iterator[ExchangedMessage]:
    """Read the messages of a Maildir, the oldest name first.

    Raises:
        ExchangeError: It is none.
    """
    if not (folder / "cur").is_dir():
        raise ExchangeError(f"{folder} is no Maildir: it has no folder cur.")
    sidecar = folder / SIDECAR
    known = json.loads(sidecar.read_text("utf-8")) if sidecar.exists() else {}
    paths = [path for name in ("cur", "new") if (folder / name).is_dir()
             for path in (folder / name).iterdir() if path.is_file()]  # fmt: skip
    for path in sorted(paths, key=lambda path: path.name):
        yield _message(path, known)


def _message(path: Path, known: dict[str, Any]) -> ExchangedMessage:
    base = path.name.partition(":")[0]
    info = _INFO.search(path.name)
    letters = info[1] if info is not None else ""
    flags = {_LETTERS[letter] for letter in letters if letter in _LETTERS}
    date: datetime | None = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    if base in known:
        # The name wins over the sidecar: another program may have changed flags since.
        flags |= {flag for flag in known[base]["flags"] if flag not in _LETTERS.values()}
        text = known[base]["date"]
        date = datetime.fromisoformat(text) if text else None
    return ExchangedMessage(path.read_bytes(), frozenset(flags), date)
