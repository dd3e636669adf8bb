"""Files of a message on their way to a folder; none that is there is written over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from desktopmail.mime.attachment import Attachment


def save(attachment: Attachment, folder: Path) -> Path:
    """Write an attachment into a folder, as `name`, else as `name (2)` and so on.

    Raises:
        OSError: The folder or the disk refused; nothing is left of it.
    """
    path, file = _new(folder, Path(attachment.name))
    try:
        with file:
            file.write(attachment.octets)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path


def _new(folder: Path, name: Path) -> tuple[Path, BinaryIO]:
    path, number = folder / name, 1
    while True:
        try:
            return path, path.open("xb")
        except FileExistsError:
            number += 1
            path = folder / f"{name.stem} ({number}){name.suffix}"
