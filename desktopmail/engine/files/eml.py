"""Single messages in files of their own, octet for octet."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError
from desktopmail.engine.files.message import FileMessage, with_crlf
from desktopmail.mime.header import Header
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_NAME_CHARACTERS = 60
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
        digest = hashlib.sha256(message.octets).hexdigest()[:12]
        path = self._folder / f"{name}-{digest}.eml"
        is_new = not path.exists()
        path.write_bytes(message.octets)
        return is_new

    def close(self) -> None:
        """Every file is finished already."""

    def abandon(self) -> None:
        """What was written stays: each file is a whole message."""


def read(path: Path) -> Iterator[FileMessage]:
    """Iterate over a file, or over the .eml files of a folder by name.

    Raises:
        DoorError: A file holds no message; an empty one holds none, too, but is an empty mbox.
    """
    for file in sorted(path.rglob("*.eml")) if path.is_dir() else [path]:
        octets = file.read_bytes()
        if octets.strip():
            _refuse_garbage(file, octets)
            yield FileMessage(with_crlf(octets))


def _refuse_garbage(file: Path, octets: bytes) -> None:
    names = {field.name.lower() for field in Header.parse(octets[:_HEADER_OCTETS]).fields}
    if not names & _FIELDS:
        raise DoorError(
            f"{file} holds no message: it begins with no header.",
            remedy="Name an mbox, a Maildir, an .eml file or a folder of those.",
            code="no-message",
        )
