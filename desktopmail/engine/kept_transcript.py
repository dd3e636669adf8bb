"""What was said to the servers last, in a file of the profile while no engine runs.

Who fetches mail from a command line and then asks what was said has an engine that ended meanwhile.
What one keeps that is killed is what the one before it kept.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from desktopmail import whole_file

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile
    from desktopmail.engine.transcripts import Transcripts

_log = logging.getLogger("desktopmail.engine")


def load(profile: Profile, transcripts: Transcripts) -> None:
    """Go on with what the engine before kept; of what cannot be read there is nothing."""
    path = profile.transcript
    try:
        transcripts.restore(path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, msgspec.MsgspecError) as error:
        _log.warning("what was said to the servers before cannot be read in %s: %s", path, error)


def save(profile: Profile, transcripts: Transcripts) -> None:
    """Keep the newest for the next engine; where it cannot be written, what was there stays."""
    if transcripts.is_kept:
        return
    path = profile.transcript
    try:
        whole_file.replace(path, transcripts.kept())
    except OSError as error:
        _log.warning("what was said to the servers cannot be kept in %s: %s", path, error.strerror)
