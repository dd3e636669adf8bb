"""Where the state of one profile is: one folder, and a socket in the runtime folder."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from desktopmail.door.address import Address, LoopbackAddress, SocketAddress, has_sockets

# The address of a socket holds 107 octets (103 elsewhere than on Linux), and the names below take
# up to 33 of them.
_MAX_RUNTIME_OCTETS = 70
# Where a temporary folder is too deep for that: there on every Unix, whatever TMPDIR says.
_SHORT_FOLDER = Path("/tmp")  # noqa: S108 - a folder of ours in it, whose owner and mode are checked


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
            import platformdirs  # 8 ms that a start with --profile does without

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
    def in_hand(self) -> Path:
        """What the engine is working on, for the one that is started after its sudden end."""
        return self.folder / "in-hand"

    @property
    def crash(self) -> Path:
        """Where a fault of the process writes how it happened."""
        return self.folder / "crash"

    @property
    def deaths(self) -> Path:
        """The last sudden ends of the engine."""
        return self.folder / "deaths.json"

    @property
    def aside(self) -> Path:
        """The folder of messages that the engine died of, as they came."""
        return self.folder / "aside"

    @property
    def salvage(self) -> Path:
        """There is such a file when a damaged store is to be put together anew."""
        return self.folder / "salvage"

    @property
    def loose(self) -> Path:
        """There is such a file while octets whose rows were lost wait for a mailbox."""
        return self.folder / "loose"

    @property
    def transcript(self) -> Path:
        """What was said to the servers last, redacted, when no engine runs."""
        return self.folder / "transcript"

    @property
    def log(self) -> Path:
        """What the engine had to say on its standard error."""
        return self.folder / "engine.log"

    @property
    def address(self) -> Address:
        """Where the engine is reached: by what this system has."""
        if not has_sockets():
            return LoopbackAddress(self.folder / "address")
        # A socket's path has to be short, and its folder this user's alone.
        digest = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
        return SocketAddress(_runtime_folder() / f"{digest}.sock")


def _runtime_folder() -> Path:
    """A folder that goes with the session of this user, or with the machine."""
    named = os.environ.get("XDG_RUNTIME_DIR", "")
    if 0 < len(os.fsencode(named)) <= _MAX_RUNTIME_OCTETS and Path(named).is_dir():
        return Path(named) / "desktopmail"
    temporary = Path(tempfile.gettempdir())
    if len(os.fsencode(temporary)) > _MAX_RUNTIME_OCTETS:
        temporary = _SHORT_FOLDER
    return temporary / f"desktopmail-{os.getuid()}"
