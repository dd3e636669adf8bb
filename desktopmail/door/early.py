"""A reader of a store whose engine does not run yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw

from desktopmail.door.interface import DoorError
from desktopmail.door.reader import SqliteReader

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile

# A search asks for words and indexes that an older store has not; what else is missing is seen by
# looking.
_OLDEST = 15


def early_reader(profile: Profile) -> SqliteReader | None:
    """A reader of a store whose engine does not run yet; None where the engine has to come first.

    It has to make a store that is not there, and to bring one of an older version up to date.
    """
    if not profile.database.exists():
        return None
    reader = None
    try:
        reader = SqliteReader(profile)
        if reader.version() < _OLDEST:
            reader.close()
            return None
        for look in (reader.accounts, reader.mailboxes, reader.tags, reader.questions):
            look()
        reader.identities()
        reader.problems()
        reader.sendings()
    except (DoorError, apsw.Error):
        if reader is not None:
            reader.close()
        return None
    return reader
