"""The settings of the engine that are not of one account: `settings.toml` in the profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import tomlkit
import tomlkit.exceptions

from desktopmail import whole_file
from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from pathlib import Path


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person may set.

    Attributes:
        poll_minutes: How often mailboxes are looked at that nobody tells us of; at the most a week.
        transcript_octets: How much of the conversations with servers is kept in memory.
        proxy: `socks5://[USER@]HOST:PORT` for all servers beyond this machine; empty: none. Its
            password is kept where those of the accounts are.
        local_name: What we call ourselves to a submission server; empty: the address literal.
    """

    poll_minutes: Annotated[float, msgspec.Meta(gt=0, le=10_080)] = 5.0
    transcript_octets: Annotated[int, msgspec.Meta(ge=0)] = 4 * 1024 * 1024
    local_name: str = ""
    proxy: str = ""


def load(path: Path) -> Settings:
    """Read the settings; without a file they are the defaults.

    Raises:
        DoorError: They cannot be read or understood; the sentence names the file and the place.
    """
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    try:
        return msgspec.convert(tomlkit.parse(text).unwrap(), Settings)
    except (tomlkit.exceptions.ParseError, msgspec.ValidationError) as error:
        raise _unreadable(path, str(error)) from error


def save(path: Path, settings: Settings) -> None:
    """Write what differs from the defaults, leaving comments and order of the file alone.

    It is durable then: without its proxy the next start would go straight to the servers.

    Raises:
        DoorError: The file cannot be read or written; it is as it was.
    """
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    defaults = msgspec.to_builtins(Settings())
    for name, value in msgspec.to_builtins(settings).items():
        if name in document or value != defaults[name]:
            document[name] = value
    try:
        whole_file.replace(path, tomlkit.dumps(document).encode())
    except OSError as error:
        raise DoorError(
            f"The settings in {path} cannot be written: {error.strerror}.",
            remedy="Look at the disk and at the permissions of that folder.",
            code="profile-unwritable",
        ) from error


def _unreadable(path: Path, why: str) -> DoorError:
    return DoorError(
        f"The settings in {path} cannot be read: {why.rstrip('.')}.",
        remedy="Put that right, or move the file away.",
        code="bad-settings",
    )
