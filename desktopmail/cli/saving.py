"""Files of a message on their way to a folder; none that is there is written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.mime.attachment import numbered

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.mime.attachment import Attachment


def save(attachment: Attachment, folder: Path) -> Path:
    """Write an attachment into a folder, as `name`, else as `name (2)` and so on.

    Raises:
        OSError: The folder or the disk refused; nothing is left of it.
    """
    names = numbered(attachment.name)
    while True:
        path = folder / next(names)
        try:
            file = path.open("xb")
        except FileExistsError:
            continue
        try:
            with file:
                file.write(attachment.octets)
        except OSError:
            path.unlink(missing_ok=True)
            raise
        return path
