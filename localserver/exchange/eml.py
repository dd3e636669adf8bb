"""Folders of .eml files, with flags and dates in a file beside them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SIDECAR = "localserver.json"


def write_eml(folder: Path, messages: Iterable[ExchangedMessage]) -> int:
    """Write messages into a folder, which is made; returns how many.

    Raises:
        ExchangeError: There is something in it already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ExchangeError(f"{folder} is not empty.")
    folder.mkdir(parents=True, exist_ok=True)
    known: dict[str, Any] = {}
    for count, message in enumerate(messages, 1):
        name = f"{count:08d}.eml"
        (folder / name).write_bytes(message.octets)
        date = message.internal_date.isoformat() if message.internal_date else None
        known[name] = {"flags": sorted(message.flags), "date": date}
    (folder / SIDECAR).write_text(json.dumps(known, indent=0), "utf-8")
    return len(known)


def read_eml(path: Path) -> Iterator[ExchangedMessage]:
    """Read one .eml file, or all of a folder by name.

    Raises:
        ExchangeError: There are none.
    """
    if path.is_file():
        yield ExchangedMessage(path.read_bytes())
        return
    paths = sorted(path.glob("*.eml"))
    if not paths:
        raise ExchangeError(f"There are no .eml files in {path}.")
    sidecar = path / SIDECAR
    known = json.loads(sidecar.read_text("utf-8")) if sidecar.exists() else {}
    for each in paths:
        values = known.get(each.name, {"flags": [], "date": None})
        date = datetime.fromisoformat(values["date"]) if values["date"] else None
        yield ExchangedMessage(each.read_bytes(), frozenset(values["flags"]), date)
