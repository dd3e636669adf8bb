"""The file beside exported messages: flags, keywords and dates that names of files cannot say."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from localserver.exchange.value import ExchangedMessage, ExchangeError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "localserver.json"


def write_sidecar(folder: Path, messages: Mapping[str, ExchangedMessage]) -> None:
    """Write what is known of messages, by the names of their files."""
    known = {name: said_of(message) for name, message in messages.items()}
    (folder / NAME).write_text(json.dumps(known, indent=0), "utf-8")


def is_ours(folder: Path) -> bool:
    """Whether a folder was written here, also one of no messages."""
    return (folder / NAME).exists()


def read_sidecar(folder: Path) -> dict[str, Any]:
    """Return what is said of each file, by its name; nothing for a folder of another program.

    Raises:
        ExchangeError: It is damaged.
    """
    path = folder / NAME
    if not is_ours(folder):
        return {}
    try:
        known = json.loads(path.read_bytes())
        for values in known.values():
            flags_and_date(values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExchangeError(
            f"{path} is damaged; without this file the messages are read, but not their keywords."
        ) from error
    return dict(known)


def said_of(message: ExchangedMessage) -> dict[str, Any]:
    """Return the JSON that says what the octets of a message do not."""
    date = message.internal_date.isoformat() if message.internal_date else None
    return {"flags": sorted(message.flags), "date": date}


def flags_and_date(values: Any) -> tuple[frozenset[str], datetime | None]:  # noqa: ANN401  any JSON
    """Read such JSON.

    Raises:
        ValueError: The date is none. `KeyError` and `TypeError` likewise say that it is damaged.
    """
    date = datetime.fromisoformat(values["date"]) if values["date"] else None
    if not all(isinstance(flag, str) for flag in values["flags"]):
        raise TypeError("flags are texts")
    return frozenset(values["flags"]), date
