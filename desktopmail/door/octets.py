"""The octets of messages, as the segment databases keep them: found, read and inflated.

The engine writes them (`engine/store/segments.py`); everybody may read them.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from desktopmail.door.inflate import inflate
from desktopmail.door.sqlite import DAMAGE, fetch, open_read_only

if TYPE_CHECKING:
    import apsw

    from desktopmail.door.profile import Profile


class OctetsLostError(LookupError):
    """Octets that a row names cannot be read: their file is gone, or damaged where they are."""


class OctetReader:
    """Reads octets out of the segments of a profile; opens each at its first use."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._connections: dict[int, apsw.Connection] = {}

    def read(self, segment: int, position: int) -> bytes:
        """Return the octets at a position of a segment.

        Raises:
            OctetsLostError: They are not there: the profile is damaged.
        """
        try:
            return self._read(segment, position)
        except (*DAMAGE, zlib.error) as error:
            raise OctetsLostError(
                f"octets {position} in segment {segment} cannot be read ({error})"
            ) from error

    def _read(self, segment: int, position: int) -> bytes:
        connection = self._connections.get(segment)
        if connection is None:
            path = self._profile.segment(segment)
            if not path.exists():
                raise OctetsLostError(f"the file {path} of the store is missing")
            connection = open_read_only(path)
            self._connections[segment] = connection
        rows = fetch(connection, "SELECT deflated, stored FROM octets WHERE id = ?", (position,))
        if not rows:
            raise OctetsLostError(f"octets {position} are missing in segment {segment}")
        deflated, stored = rows[0]
        return inflate(stored, deflated=bool(deflated))

    def close(self) -> None:
        """Close all segments."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
