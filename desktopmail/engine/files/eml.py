"""Single messages in files of their own, octet for octet."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from desktopmail.engine.files.message import FileMessage, with_crlf
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_NAME_CHARACTERS = 60


class EmlWriter:
    """Writes each message into a file of a folder; the same message has the same name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, message: FileMessage) -> None:
        """Write a message."""
        subject = Message.parse(message.octets).subject
        name = _NOT_IN_NAMES.sub("-", subject).strip("-.")[:_NAME_CHARACTERS] or "message"
        digest = hashlib.sha256(message.octets).hexdigest()[:12]
        (self._folder / f"{name}-{digest}.eml").write_bytes(message.octets)

    def close(self) -> None:
        """Every file is finished already."""


def read(path: Path) -> Iterator[FileMessage]:
    """Iterate over a file, or over the .eml files of a folder by name."""
    for file in sorted(path.rglob("*.eml")) if path.is_dir() else [path]:
        yield FileMessage(with_crlf(file.read_bytes()))
