"""Single messages in files of their own, octet for octet."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.engine.files import beside
from desktopmail.engine.files.message import FileMessage, with_crlf
from desktopmail.mime.header import Header
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_NAME_CHARACTERS = 60
_NAME_OCTETS = 200  # a file system takes 255, and a letter may be four of them
# Every message has some of these (RFC 5322 section 3.6, and what is added on the way).
_FIELDS = frozenset({
    "from", "to", "cc", "subject", "date", "message-id", "received", "return-path", "sender",
    "mime-version", "content-type", "delivered-to",
})  # fmt: skip
_HEADER_OCTETS = 64 * 1024


class EmlWriter:
    """Writes each message into a file of a folder; the same message has the same name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, message: FileMessage) -> bool:
        """Write a message; says whether it was not there already."""
        subject = Message.parse(message.octets).subject
        name = _NOT_IN_NAMES.sub("-", subject).strip("-.")[:_NAME_CHARACTERS] or "message"
        name = name.encode()[:_NAME_OCTETS].decode("utf-8", "ignore")
        digest = hashlib.sha256(message.octets).hexdigest()[:12]
        path = self._folder / f"{name}-{digest}.eml"
        if path.is_file() and path.stat().st_size == len(message.octets):
            return False
        beside.write(path, message.octets)
        return True

    def close(self) -> None:
        """Every file is finished already."""

    def abandon(self) -> None:
        """What was written stays: each file is a whole message."""


def read(path: Path) -> Iterator[FileMessage]:
    """Iterate over a file, or over the .eml files of a folder and those in it, by name.

    Raises:
        DoorError: A file holds no message; an empty one holds none, too, but is an empty mbox.
    """
    for name in _in(path) if path.is_dir() else [path]:
        with name.open("rb") as file:
            beginning = file.read(_HEADER_OCTETS)
            if not beginning.strip() and len(beginning) < _HEADER_OCTETS:
                continue
            _refuse_garbage(name, beginning)
            octets = beginning + file.read()
        yield FileMessage(with_crlf(octets))


def _in(folder: Path) -> list[Path]:
    """The files of messages; in small or large letters, but not what macOS puts beside each."""
    return sorted(
        one
        for one in folder.rglob("*")
        if one.suffix.lower() == ".eml" and not one.name.startswith("._") and one.is_file()
    )


def _refuse_garbage(file: Path, beginning: bytes) -> None:
    names = {field.name.lower() for field in Header.parse(beginning).fields}
    if not names & _FIELDS:
        # A name in another charset is text that no sentence can hold.
        shown = os.fsencode(file).decode("utf-8", "replace")
        raise DoorError(
            f"{shown} holds no message: it begins with no header.",
            remedy="Name an mbox, a Maildir, an .eml file or a folder of those.",
            code="no-message",
        )
