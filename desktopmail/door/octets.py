"""The octets of messages, as the segment databases keep them: found, read and inflated.

The engine writes them (`engine/store/segments.py`); everybody may read them.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import apsw

from desktopmail.door.inflate import inflate
from desktopmail.door.sqlite import DAMAGE, fetch, open_read_only, roll_back

if TYPE_CHECKING:
    from desktopmail.door.profile import Profile


# A row is put together in memory before its values are given out, so that a large message would
# take twice its octets: it is read piece by piece instead, which takes longer for a small one.
_LARGE_OCTETS = 256 * 1024
_SELECT = "SELECT deflated, iif(length(stored) < ?, stored, NULL) FROM octets WHERE id = ?"


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
            try:
                return self._read(segment, position)
            except apsw.ReadOnlyError:  # the engine ended in the middle of writing into it
                roll_back(self._profile.segment(segment))
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
        rows = fetch(connection, _SELECT, (_LARGE_OCTETS, position))
        if not rows:
            raise OctetsLostError(f"octets {position} are missing in segment {segment}")
        deflated, stored = rows[0]
        if stored is None:
            stored = _read_large(connection, position)
        return inflate(stored, deflated=bool(deflated))

    def close(self) -> None:
        """Close all segments."""
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()


def _read_large(connection: apsw.Connection, position: int) -> bytes:
    try:
        blob = connection.blob_open("main", "octets", "stored", position, False)
        try:
            return blob.read()
        finally:
            blob.close()
    except (apsw.SQLError, apsw.AbortError) as error:
        raise OctetsLostError(f"octets {position} were deleted meanwhile") from error
