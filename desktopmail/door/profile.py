"""Where the state of one profile is: one folder, and one socket in the runtime folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_MAX_RUNTIME_OCTETS = 70


@dataclass(frozen=True, slots=True)
class Profile:
    """The paths of a profile; nothing is made or opened here.

    Attributes:
        folder: Absolute; holds all state of the client.
    """

    folder: Path

    @classmethod
    def at(cls, folder: Path | str | None = None) -> Profile:
        """Return the profile at `folder`, or the user's own one."""
        if folder is None:
            folder = platformdirs.user_data_path("desktopmail")
        return cls(Path(folder).expanduser().absolute())

    @property
    def database(self) -> Path:
        """The store: rows of everything, octets of nothing."""
        return self.folder / "mail.db"

    @property
    def segments(self) -> Path:
        """The folder of the databases that hold the octets of messages."""
        return self.folder / "octets"

    def segment(self, number: int) -> Path:
        """One of the databases of octets."""
        return self.segments / f"{number:06}.db"

    @property
    def lock(self) -> Path:
        """The file that a running engine has locked."""
        return self.folder / "lock"

    @property
    def settings(self) -> Path:
        """The settings that are not of one account."""
        return self.folder / "settings.toml"

    @property
    def vault(self) -> Path:
        """The passwords under a pass phrase, where there is no keyring."""
        return self.folder / "vault"

    @property
    def log(self) -> Path:
        """What the engine had to say on its standard error."""
        return self.folder / "engine.log"

    @property
    def socket(self) -> Path:
        """The socket that the engine listens on: short, and in a folder of this user alone."""
        digest = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
        return _runtime_folder() / f"{digest}.sock"


def _runtime_folder() -> Path:
    """A folder that goes with the session of this user, or with the machine."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    # The address of a socket holds 107 octets, and the file name takes 21 of them.
    if 0 < len(os.fsencode(named)) <= _MAX_RUNTIME_OCTETS and Path(named).is_dir():
        return Path(named) / "desktopmail"
    return Path(tempfile.gettempdir()) / f"desktopmail-{os.getuid()}"
