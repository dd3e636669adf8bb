"""Files chosen, dropped or pasted, on their way into a message."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

from desktopmail.mime.attachment import safe_name
from desktopmail.mime.compose import File

if TYPE_CHECKING:
    from pathlib import Path

MAX_OCTETS = 50_000_000  # most servers refuse less: better to say so before it is typed


class FileError(Exception):
    """A file cannot be attached.

    Attributes:
        key: The key of the sentence that says why.
        values: What fills it in.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


def read_file(path: Path) -> File:
    """Read a file to attach it; runs in a thread.

    Raises:
        FileError: It is too large, a folder, or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > MAX_OCTETS:
            raise FileError("compose.too_large", name=path.name, size=size)
        octets = path.read_bytes()
    except OSError as error:
        raise FileError(
            "compose.not_readable", name=path.name, error=error.strerror or str(error)
        ) from error
    return File(safe_name(path.name), media_type_of(path.name), octets)


def media_type_of(name: str) -> str:
    """Return the media type for a file's name."""
    if name.lower().endswith(".eml"):
        return "message/rfc822"
    guessed, encoding = mimetypes.guess_type(name)
    if guessed is None or encoding is not None or guessed.startswith("multipart/"):
        return "application/octet-stream"
    return guessed
