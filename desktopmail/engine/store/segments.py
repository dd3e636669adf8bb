"""The octets of messages, in segment databases: written once, durable before a row names them.

No commit is atomic across files, so the order is the promise: octets first, their rows after.
Octets that no row came to name (a crash between the two) are swept away.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from desktopmail.door.octets import OctetReader
from desktopmail.door.sqlite import DAMAGE, fetch, roll_back, without_waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from desktopmail.door.profile import Profile
    from desktopmail.engine.content import Content

SEGMENT_OCTETS = 1 << 30
# SQLite makes a copy of what is inserted, and then its pages: what is larger is put into its row in
# pieces.
AT_ONCE_OCTETS = 4 * 1024 * 1024
_PIECE_OCTETS = 1024 * 1024
# What is larger than that is written before its commit, behind a journal that is written twice.
_CACHE = "PRAGMA cache_size = -8500"

_log = logging.getLogger("desktopmail.engine")


@dataclass(frozen=True, slots=True)
class StoredOctets:
    """Where octets are: durable when this is returned.

    Attributes:
        octets: How many they are, before deflating.
    """

    sha256: bytes
    segment: int
    position: int
    octets: int


class Segments:
    """The writing side of the segments of a profile; used by the one writer of the store alone.

    Octets are only ever added, and a journal that is rolled back has nothing to say of pages that
    are new: each octet goes to the disk once, where a write-ahead log would have it go twice.

    Args:
        named: The highest number of a segment that a row names. Where its file is gone, no other
            file gets its number: a row would name what is put there.
        segment_octets: When a segment is full and the next one is begun.
    """

    def __init__(
        self, profile: Profile, *, named: int = 0, segment_octets: int = SEGMENT_OCTETS
    ) -> None:
        self._profile = profile
        self._segment_octets = segment_octets
        profile.segments.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._roll_back()
        newest = max(self.numbers(), default=0)
        self._number = max(newest, 1) if newest >= named else named + 1
        self._connection = self._open_sound()
        self._reader = OctetReader(profile)
        self._written: list[tuple[int]] = []  # in the step that runs
        self._unnamed: list[tuple[int]] = []  # in steps that did not come to their end

    @property
    def number(self) -> int:
        """The segment that is being written."""
        return self._number

    def write(self, contents: Sequence[Content]) -> list[StoredOctets]:
        """Store contents durably, in one commit.

        Raises:
            apsw.FullError: The disk is full; nothing was stored.
        """
        try:
            if self._is_full():
                self.begin_next()
            return self._write(contents)
        except DAMAGE as error:
            _log.error("segment %d is damaged, the next one is begun: %s", self._number, error)
            self.begin_next()
            return self._write(contents)

    def _write(self, contents: Sequence[Content]) -> list[StoredOctets]:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            # On a full disk each further try would else take room that it needs itself.
            connection.executemany("DELETE FROM octets WHERE id = ?", self._unnamed)
            last = fetch(connection, "SELECT seq FROM sqlite_sequence WHERE name = 'octets'")
            first = (last[0][0] if last else 0) + 1
            connection.executemany(
                "INSERT INTO octets (id, sha256, deflated, stored) VALUES (?, ?, ?, ?)",
                (
                    (position, one.sha256, one.is_deflated, _at_once(one.stored))
                    for position, one in enumerate(contents, first)
                ),
            )
            for position, one in enumerate(contents, first):
                if len(one.stored) > AT_ONCE_OCTETS:
                    _fill(connection, position, one.stored)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK") if connection.in_transaction else None
            raise
        self._unnamed.clear()
        self._written += [(position,) for position, _ in enumerate(contents, first)]
        return [
            StoredOctets(one.sha256, self._number, position, one.size)
            for position, one in enumerate(contents, first)
        ]

    def end_step(self, *, is_durable: bool) -> None:
        """A step of the store has ended: rows name what was written in it, or none ever will."""
        if not is_durable:
            self._unnamed += self._written
        self._written.clear()

    def read(self, segment: int, position: int) -> bytes:
        """Return octets; see `OctetReader.read`."""
        return self._reader.read(segment, position)

    def sweep(self, segment: int, named: Iterable[int]) -> int:
        """Delete what no row names in a segment; returns how many octets that were.

        A segment that is damaged keeps what it has: what can be read of it still is.
        """
        try:
            return self._sweep(segment, set(named))
        except DAMAGE as error:
            _log.error("segment %d is damaged, and stays as it is: %s", segment, error)
            return 0

    def behind(self, position: int) -> list[tuple[int, bytes]]:
        """What stands behind a position in the newest segment: where, and its digest.

        Of a segment that is damaged nothing is told.
        """
        try:
            rows = fetch(
                self._connection, "SELECT id, sha256 FROM octets WHERE id > ?", (position,)
            )
        except DAMAGE as error:
            _log.error("segment %d is damaged, and stays as it is: %s", self._number, error)
            return []
        return [(row[0], row[1]) for row in rows]

    def forget(self, positions: Iterable[int]) -> None:
        """Delete what stands at these positions in the newest segment."""
        orphans = [(position,) for position in positions]
        if orphans:
            with self._connection:
                self._connection.executemany("DELETE FROM octets WHERE id = ?", orphans)

    def _sweep(self, segment: int, keep: set[int]) -> int:
        connection = self._connection if segment == self._number else self._open(segment)
        rows = fetch(connection, "SELECT id, length(stored) FROM octets")
        orphans = [(position,) for position, _ in rows if position not in keep]
        if orphans:
            with connection:
                connection.executemany("DELETE FROM octets WHERE id = ?", orphans)
        if connection is not self._connection:
            connection.close()
        return sum(size for position, size in rows if position not in keep)

    def numbers(self) -> list[int]:
        """The segments there are, oldest first."""
        return sorted(int(path.stem) for path in self._profile.segments.glob("*.db"))

    def free_octets(self) -> int:
        """How much of the segments is of octets that were deleted; not those that no row names."""
        free = 0
        for number in self.numbers():
            try:
                connection = self._connection if number == self._number else self._open(number)
            except DAMAGE:
                continue  # the doctor says so
            pages = fetch(connection, "PRAGMA freelist_count")[0][0]
            free += pages * fetch(connection, "PRAGMA page_size")[0][0]
            if connection is not self._connection:
                connection.close()
        return free

    def compact(self, segment: int) -> None:
        """Give the room that deleted octets left back to the disk; not of a damaged segment."""
        try:
            self._compact(segment)
        except DAMAGE as error:
            _log.error("segment %d is damaged, and stays as it is: %s", segment, error)

    def set_aside(self, segment: int) -> bool:
        """Take a segment out of the way that is no database any more; whether it was none."""
        if segment == self._number:
            return False
        try:
            self._open(segment).close()
        except DAMAGE:
            path = self._profile.segment(segment)
            path.rename(path.with_suffix(".damaged"))
            return True
        return False

    def _compact(self, segment: int) -> None:
        connection = self._connection if segment == self._number else self._open(segment)
        connection.execute("VACUUM")
        if connection is not self._connection:
            connection.close()

    def let_cache_go(self) -> None:
        """Free the pages of what was written last: nobody asks for them again."""
        self._connection.execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Close all connections."""
        self._reader.close()
        self._connection.close()

    def _is_full(self) -> bool:
        pages = fetch(self._connection, "PRAGMA page_count")[0][0]
        size = fetch(self._connection, "PRAGMA page_size")[0][0]
        return bool(pages * size >= self._segment_octets)

    def _open_sound(self) -> apsw.Connection:
        """Open the segment that is written; the one behind it where that is damaged."""
        try:
            connection = self._open(self._number)
            fetch(connection, "SELECT max(id) FROM octets")
        except DAMAGE as error:
            _log.error("segment %d is damaged, the next one is begun: %s", self._number, error)
            self._number += 1
            return self._open(self._number)
        return connection

    def begin_next(self) -> None:
        """Write into a new segment from now on."""
        following = self._open(self._number + 1)
        self._written.clear()
        self._unnamed.clear()
        self._connection.close()
        self._connection = following
        self._number += 1

    def _roll_back(self) -> None:
        """Take back what a crash left half written: who may only read cannot, and could not read.

        What is damaged stays as it is.
        """
        for number in self.numbers():
            journal = self._profile.segment(number).with_suffix(".db-journal")
            if journal.exists() and journal.stat().st_size:
                with suppress(*DAMAGE):
                    roll_back(self._profile.segment(number))

    def _open(self, number: int) -> apsw.Connection:
        connection = apsw.Connection(str(self._profile.segment(number)))
        connection.execute(f"PRAGMA page_size = 16384; PRAGMA synchronous = FULL; {_CACHE}")
        _end_log(connection)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS octets (id INTEGER PRIMARY KEY AUTOINCREMENT,"
            " sha256 BLOB NOT NULL, deflated INTEGER NOT NULL, stored BLOB NOT NULL) STRICT"
        )
        return connection


def _at_once(octets: bytes) -> bytes | apsw.zeroblob:
    """What is inserted of octets: room for them alone where they are many."""
    return octets if len(octets) <= AT_ONCE_OCTETS else apsw.zeroblob(len(octets))


def _fill(connection: apsw.Connection, position: int, octets: bytes) -> None:
    """Put octets into the room that their row has for them."""
    view = memoryview(octets)
    with connection.blob_open("main", "octets", "stored", position, True) as room:
        for begin in range(0, len(view), _PIECE_OCTETS):
            room.write(view[begin : begin + _PIECE_OCTETS])


def _end_log(connection: apsw.Connection) -> None:
    """Have a segment written with a journal that is rolled back.

    One of an earlier version has a write-ahead log, and keeps it while somebody has it open.
    """
    try:
        with without_waiting(connection):
            fetch(connection, "PRAGMA journal_mode = TRUNCATE")
    except apsw.BusyError:
        _log.info("somebody reads %s: it keeps its log for now", connection.filename)
