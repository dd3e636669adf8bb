"""The start of the window: what can be done before Qt is there, in the order that shows it soonest.

Nothing here may import Qt when it is imported itself: `__main__` explains a Qt that is missing.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.child import EngineProcess
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for.

    Attributes:
        profile: The folder that holds all state, or None for the user's own.
        demo: Open a fresh sandbox in a temporary profile.
        screenshot: Save a picture there and end.
        theme, language: In place of what the settings say; empty: as they say.
        size: Of the window.
        select: Words of the subject of the message to show in a picture.
        mailto: A link to write to.
    """

    profile: Path | None = None
    demo: bool = False
    screenshot: Path | None = None
    theme: str = ""
    language: str = ""
    size: tuple[int, int] | None = None
    select: str = ""
    mailto: str = ""


def run(options: Options) -> int:
    """Run the graphical program and return its exit status.

    Raises:
        ImportError: Qt, or a library it needs, is not there.
    """
    gc.disable()  # what is imported stays; from then on a collector in the GUI thread does it
    try:
        child = None if options.demo else start_engine(Profile.at(options.profile))
        # PySide looks through the source of every module that is imported after itself, which takes
        # longer than importing it: the store's reader comes first.
        from desktopmail.door import early  # noqa: F401

        return open_window(options, child)
    finally:
        gc.enable()


def open_window(options: Options, child: EngineProcess | None) -> int:
    """Bring Qt in and run the program."""
    from desktopmail.ui.app import run as run_app

    return run_app(options, child)


def start_engine(profile: Profile) -> EngineProcess | None:
    """Start the engine of a profile that has a store, unless one may be running.

    It gets ready while this process brings Qt in. A fresh profile, and one that cannot be written,
    are left to `attach`, which tells what is wrong.
    """
    if not profile.database.exists() or profile.address.path.exists():
        return None
    try:
        return EngineProcess.start(profile)
    except DoorError:
        return None
