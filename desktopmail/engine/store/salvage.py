"""A sound database put together of what can be read of a damaged one; the doctor asks for it.

Rows are copied one table after the other, past what cannot be read; what then names a row that is
lost goes, or is met again: an IMAP server tells once more what it has. Octets are in files of their
own. Those whose rows are lost are written into a folder, as messages that can be imported.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from desktopmail.door.interface import DoorError
from desktopmail.door.octets import OctetReader, OctetsLostError
from desktopmail.door.sqlite import DAMAGE, fetch, open_read_only
from desktopmail.engine.content import sha256
from desktopmail.engine.store import schema
from desktopmail.mime.header import digest_of
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desktopmail.door.profile import Profile
    from desktopmail.door.sqlite import Fields

_PAST_ANY_ROW = 1 << 40
# What the program works out of the rest.
_DERIVED = frozenset({"mailbox_total", "word_queue", "person_word"})

_log = logging.getLogger("desktopmail.engine")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged database.

    Attributes:
        kept: The damaged one.
        loose: Messages whose rows are lost, each a file in `folder`.
    """

    kept: Path
    loose: int
    folder: Path

    def sentences(self) -> list[str]:
        """What a person is told."""
        said = [
            "The list of messages was damaged: it was put together anew of what could be read, and"
            f" the damaged one is kept as {self.kept}."
        ]
        if self.loose:
            said.append(
                f"{self.loose} messages lost their place, and are in {self.folder}: import them."
            )
        return said


def ask_for(profile: Profile) -> None:
    """Have it done when the store is opened next."""
    profile.salvage.touch(mode=0o600)


def rebuild(profile: Profile) -> Salvaged:
    """Do it; whoever calls holds the lock of the profile.

    Raises:
        DoorError: Nothing can be read; everything is as it was.
    """
    new = profile.database.with_name("mail.new.db")
    kept = _free_name(profile)
    if profile.database.exists():  # else it was cut off between the two last steps
        _remove(new)
        try:
            loose = _copy_all(profile, new)
        except DAMAGE as error:
            _remove(new)
            profile.salvage.unlink()
            raise DoorError(
                f"The store in {profile.folder} cannot be read at all: {error}.",
                remedy=f"Restore a backup; the messages themselves are in {profile.segments}.",
                code="damaged-wholly",
            ) from error
        for end in ("-wal", "-shm", ""):
            path = profile.database.with_name(profile.database.name + end)
            if path.exists():
                path.rename(kept.with_name(kept.name + end))
    else:
        loose = len(list(profile.recovered.glob("*.eml")))
    new.rename(profile.database)
    profile.salvage.unlink()
    _log.error("the store was damaged, and was put together anew; it is kept as %s", kept)
    return Salvaged(kept, loose, profile.recovered)


def _free_name(profile: Profile) -> Path:
    number = 1
    while (path := profile.database.with_name(f"mail.damaged-{number}.db")).exists():
        number += 1
    return path


def _remove(path: Path) -> None:
    for end in ("-wal", "-shm", ""):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _copy_all(profile: Profile, new: Path) -> int:
    """Fill a new database; returns how many messages are loose."""
    with closing(open_read_only(profile.database)) as old, closing(apsw.Connection(str(new))) as to:
        schema.upgrade(to, to=schema.version_of(old))
        to.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        to.execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL; BEGIN IMMEDIATE")
        for table in _tables(to):
            if table not in _DERIVED:
                _copy(old, to, table)
        if not fetch(to, "SELECT 1 FROM account LIMIT 1"):
            raise apsw.CorruptError("no account can be read")
        loose = _find_octets(profile, to)
        _drop_dangling(to)
        _begin_anew(to)
        to.execute("COMMIT")
        to.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        schema.upgrade(to)
        return loose


def _tables(connection: apsw.Connection) -> list[str]:
    """The tables of ours, those that others name first."""
    rows = fetch(
        connection,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    return [row[0] for row in rows]


def _columns(connection: apsw.Connection, table: str) -> list[str]:
    return [row[0] for row in fetch(connection, "SELECT name FROM pragma_table_info(?)", (table,))]


def _copy(old: apsw.Connection, to: apsw.Connection, table: str) -> None:
    there = set(_columns(old, table))
    columns = [name for name in _columns(to, table) if name in there]
    if not columns:
        return  # of a version before there was such a table
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    has_rowid = bool(
        fetch(to, "SELECT 1 FROM pragma_table_list WHERE name = ? AND wr = 0", (table,))
    )
    rows = _by_rowid(old, table, names) if has_rowid else _from_both_ends(old, table, names)
    for row in rows:
        try:
            to.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)
        except apsw.ConstraintError:
            _log.error("a row of %s makes no sense, and is left out", table)


def _by_rowid(old: apsw.Connection, table: str, names: str) -> Iterator[Fields]:
    """The rows in their order; behind one that cannot be read it goes on further and further on."""
    after, step = -1, 1
    while step < _PAST_ANY_ROW:
        try:
            for rowid, *row in old.execute(
                f"SELECT rowid, {names} FROM {table} WHERE rowid > ? ORDER BY rowid", (after,)
            ):
                yield tuple(row)
                after, step = rowid, 1
        except DAMAGE:
            after += step
            step *= 2
        else:
            return


def _from_both_ends(old: apsw.Connection, table: str, names: str) -> Iterator[Fields]:
    """The rows up to one that cannot be read, and from the last one back to one."""
    key = ", ".join(
        f"{row[0]} DESC"
        for row in fetch(
            old, "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,)
        )
    )
    for order in (key.replace(" DESC", ""), key):
        try:
            yield from old.execute(f"SELECT {names} FROM {table} ORDER BY {order}")
        except DAMAGE as error:
            _log.error("not all of %s can be read: %s", table, error)
        else:
            return


def _find_octets(profile: Profile, to: apsw.Connection) -> int:
    """Give octets whose rows are lost to the messages that lack them; the others become files."""
    named = set(
        fetch(
            to,
            "SELECT b.segment, b.position FROM blob AS b"
            " WHERE EXISTS (SELECT 1 FROM message AS m WHERE m.blob_id = b.id)"
            " OR EXISTS (SELECT 1 FROM sending AS s WHERE s.blob_id = b.id)",
        )
    )
    loose = 0
    with closing(OctetReader(profile)) as reader:
        for path in sorted(profile.segments.glob("*.db")):
            segment = int(path.stem)
            for position in _positions(path):
                if (segment, position) in named:
                    continue
                try:
                    octets = reader.read(segment, position)
                except OctetsLostError:
                    continue
                if not _is_given(to, segment, position, octets):
                    loose += _write(profile, octets)
    return loose


def _positions(path: Path) -> list[int]:
    try:
        with closing(open_read_only(path)) as connection:
            return [row[0] for row in _by_rowid(connection, "octets", "id")]
    except DAMAGE:
        return []


def _is_given(to: apsw.Connection, segment: int, position: int, octets: bytes) -> bool:
    """Whether a message or a sending, whose blob is not there, is the one with these octets."""
    without = "NOT EXISTS (SELECT 1 FROM blob AS b WHERE b.id = t.blob_id)"
    wanting = fetch(
        to,
        "SELECT 'message', t.id, t.blob_id FROM message AS t WHERE t.blob_id IS NOT NULL"
        f" AND t.header_digest = ? AND t.header_digest <> x'' AND t.size = ? AND {without}"
        f" UNION ALL SELECT 'sending', t.id, t.blob_id FROM sending AS t WHERE t.message_id = ?"
        f" AND t.message_id <> '' AND {without}",
        (bytes.fromhex(digest_of(octets)), len(octets), Message.parse(octets).message_id or ""),
    )
    if not wanting:
        return False
    found = fetch(to, "SELECT id FROM blob WHERE segment = ? AND position = ?", (segment, position))
    if found:
        (blob_id,) = found[0]
    else:
        blob_id = wanting[0][2]
        to.execute(
            "INSERT OR IGNORE INTO blob (id, sha256, segment, position, octets)"
            " VALUES (?, ?, ?, ?, ?)",
            (blob_id, sha256(octets), segment, position, len(octets)),
        )
    for table, row_id, _ in wanting:
        to.execute(f"UPDATE {table} SET blob_id = ? WHERE id = ?", (blob_id, row_id))
    return True


def _write(profile: Profile, octets: bytes) -> bool:
    """Make octets a file; whether they were none yet."""
    profile.recovered.mkdir(mode=0o700, exist_ok=True)
    path = profile.recovered / f"{sha256(octets).hex()[:24]}.eml"
    is_new = not path.exists()
    path.write_bytes(octets)
    return is_new


def _drop_dangling(to: apsw.Connection) -> None:
    """Take away what names a row that is lost, until nothing does."""
    to.execute(
        "UPDATE message SET blob_id = NULL, header = NULL WHERE blob_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM blob AS b WHERE b.id = blob_id)"
    )
    to.execute(
        "UPDATE placement SET wanted = 1 WHERE uid IS NOT NULL AND EXISTS (SELECT 1 FROM message"
        " AS m WHERE m.id = message_id AND m.blob_id IS NULL AND m.header IS NULL)"
    )
    changed = True
    while changed:
        changed = False
        for table in _tables(to):
            for parent, column, named, action in fetch(
                to,
                'SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)',
                (table,),
            ):
                lost = (
                    f"{column} IS NOT NULL AND NOT EXISTS"
                    f" (SELECT 1 FROM {parent} AS p WHERE p.{named} = {table}.{column})"
                )
                if action == "SET NULL":
                    to.execute(f"UPDATE {table} SET {column} = NULL WHERE {lost}")
                else:
                    to.execute(f"DELETE FROM {table} WHERE {lost}")
                changed = changed or to.changes() > 0
    to.execute(
        "DELETE FROM message WHERE NOT EXISTS"
        " (SELECT 1 FROM placement AS p WHERE p.message_id = message.id)"
        " AND NOT EXISTS (SELECT 1 FROM pop_seen AS s WHERE s.message_id = message.id)"
    )


def _begin_anew(to: apsw.Connection) -> None:
    """Have counts and words worked out, and every mailbox looked at as a whole."""
    to.execute(
        "INSERT INTO mailbox_total (mailbox_id, total, unread, octets)"
        " SELECT m.id, count(p.id), coalesce(sum(p.flags & 1 = 0), 0), coalesce(sum(p.size), 0)"
        " FROM mailbox AS m LEFT JOIN placement AS p ON p.mailbox_id = m.id AND p.shown = 1"
        " GROUP BY m.id"
    )
    to.execute("UPDATE mailbox SET complete = 0, highestmodseq = NULL WHERE local = 0")
    to.execute("INSERT INTO word_queue (message_id) SELECT id FROM message")
    if "words" in _columns(to, "person"):
        to.execute("UPDATE person SET words = ''")
