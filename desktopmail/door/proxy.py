"""Which proxy a profile has, and how one is shown; the engine sets it (`SetProxy`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile


_PASSWORD = re.compile(r"(?<=//)([^@]*?):[^@]*(?:@[^@]*)*(?=@)")


def without_password(proxy: str) -> str:
    """Return a proxy without a password, which earlier versions kept where one was typed."""
    return _PASSWORD.sub(r"\1", proxy)


def kept(profile: Profile) -> str:
    """Return `socks5://[USER@]HOST:PORT`, or nothing where servers are reached straight.

    Raises:
        DoorError: The settings cannot be read.
    """
    import tomllib  # the reader of the store, which a start waits for, needs the rest alone

    try:
        settings = tomllib.loads(profile.settings.read_text("utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise DoorError(
            f"The settings in {profile.settings} cannot be read: {error}.",
            remedy="Put that right, or move the file away.",
            code="bad-settings",
        ) from error
    return str(settings.get("proxy", ""))
