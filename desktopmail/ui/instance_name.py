"""The name under which the window of a profile listens for later starts."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from PySide6.QtCore import QDir


def instance_name(folder: Path) -> str:
    """Return the name for the profile in this folder."""
    digest = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    return f"desktopmail-window-{digest}"


def may_be_open(folder: Path) -> bool:
    """Whether a window of this profile may listen; asking costs a start less than connecting.

    QLocalServer puts its socket into the temporary folder on Unix; elsewhere there is no file.
    """
    if sys.platform == "win32":
        return True
    return Path(QDir.tempPath(), instance_name(folder)).exists()
