"""A folder of several mailboxes: a file or a folder for each, and a list of which is which.

Names of mailboxes have characters that names of files cannot have, and differ in ways that those do
not: so files have numbers, and the list says what they hold. It is written last: without it the
folder is not whole, and is not read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from localserver.exchange.value import ExchangeError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME: Final = "mailboxes.json"
_NOT_IN_FILES = re.compile(r"[^\w.-]+", re.ASCII)
_LEADS_ELSEWHERE = re.compile(r"[/\\:]|^\.{0,2}$")
_SHOWN_CHARACTERS: Final = 60


@dataclass(frozen=True, slots=True)
class ExportedMailbox:
    """A line of the list.

    Attributes:
        name: Of the mailbox.
        file: Name in the folder.
        kind: Format of the file: `mbox`, `maildir` or `eml`.
        is_subscribed: Clients show it.
    """

    name: str
    file: str
    kind: str
    is_subscribed: bool


def file_name(number: int, name: str, suffix: str) -> str:
    """Return the name of the file of a mailbox, for the eye behind its number."""
    return f"{number:04d}-{_NOT_IN_FILES.sub('_', name)[:_SHOWN_CHARACTERS]}{suffix}"


def write_list(folder: Path, mailboxes: Iterable[ExportedMailbox]) -> None:
    """Say that the folder is whole."""
    entries = [
        {"name": one.name, "file": one.file, "format": one.kind, "subscribed": one.is_subscribed}
        for one in mailboxes
    ]
    (folder / NAME).write_text(json.dumps(entries, indent=1), "utf-8")


def is_folder_of_mailboxes(path: Path) -> bool:
    """Whether a path is such a folder."""
    return (path / NAME).is_file()


def read_list(folder: Path) -> list[ExportedMailbox]:
    """Return what such a folder holds.

    Raises:
        ExchangeError: The list is damaged.
    """
    path = folder / NAME
    try:
        return [_read(entry) for entry in json.loads(path.read_bytes())]
    except (ValueError, KeyError, TypeError) as error:
        raise ExchangeError(
            f"{path} is damaged; without this list each file is imported by itself."
        ) from error


def _read(entry: Any) -> ExportedMailbox:  # noqa: ANN401  any JSON
    name, file, kind = entry["name"], entry["file"], entry["format"]
    if not all(isinstance(text, str) for text in (name, file, kind)):
        raise TypeError("names are texts")
    if _LEADS_ELSEWHERE.search(file):
        raise ValueError("a file is in the folder itself")
    return ExportedMailbox(name, file, kind, bool(entry["subscribed"]))
