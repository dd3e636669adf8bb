"""A sound database put together of what can be read of a damaged one; the doctor asks for it.

Rows are copied one table after the other, past what cannot be read; what then names a row that is
lost goes, or is met again: an IMAP server tells once more what it has. Octets are in files of their
own, and stay: those whose rows are lost get a place again (`engine/recovered.py`).
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apsw

from desktopmail.door.octets import OctetReader, OctetsLostError
from desktopmail.door.sqlite import DAMAGE, fetch, open_read_only
from desktopmail.engine.content import sha256
from desktopmail.engine.store import first_page, schema
from desktopmail.engine.store.blob import UNNAMED
from desktopmail.engine.store.segments import StoredOctets
from desktopmail.mime.header import digest_of
from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from desktopmail.door.profile import Profile
    from desktopmail.door.sqlite import Fields

RECOVERED = "Recovered"
"""The mailbox, on this device only, of messages whose rows are lost."""

_PAST_ANY_ROW = 1 << 40
# What the program works out of the rest.
_DERIVED = frozenset({"mailbox_total", "word_queue", "person_word"})

_log = logging.getLogger("desktopmail.engine")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged database.

    Attributes:
        kept: The damaged one; None where there was none any more.
        loose: How many messages have lost their rows.
        is_empty: Nothing could be read, no account either.
    """

    kept: Path | None
    loose: int
    is_empty: bool = False

    def sentences(self) -> list[str]:
        """What a person is told."""
        aside = f", and the damaged one is kept as {self.kept}" if self.kept is not None else ""
        if self.is_empty:
            said = [
                "Nothing could be read of the list of messages and accounts: a new one was begun"
                f"{aside}. Add your accounts again."
            ]
        else:
            said = [
                "The list of messages was damaged: it was put together anew of what could be read"
                f"{aside}."
            ]
        if self.loose:
            where = " of the first account that you add" if self.is_empty else ""
            lost = (
                "1 message has lost the place it had"
                if self.loose == 1
                else f"{self.loose} messages have lost the place they had"
            )
            said.append(f"{lost}: look into the mailbox {RECOVERED}{where}.")
        return said


def ask_for(profile: Profile) -> None:
    """Have it done when the store is opened next."""
    profile.salvage.touch(mode=0o600)


def is_due(profile: Profile) -> bool:
    """Whether it was asked for, or octets are there without the database that names them."""
    if profile.salvage.exists():
        return True
    is_there = profile.database.exists() and profile.database.stat().st_size > 0
    return not is_there and any(profile.segments.glob("*.db"))


def rebuild(profile: Profile) -> Salvaged:
    """Do it; whoever calls holds the lock of the profile.

    Raises:
        NewerStoreError: It was written by a newer version.
        apsw.FullError, OSError: There is no room for a second one. Everything is as it was.
    """
    new = profile.database.with_name("mail.new.db")
    kept = _free_name(profile) if profile.database.exists() else None
    if kept is not None or not new.exists():  # else it was cut off between the two last steps
        _fill(profile, new)
    with closing(open_read_only(new)) as connection:
        loose = fetch(connection, f"SELECT count(*) FROM blob AS b WHERE {UNNAMED}")[0][0]
        is_empty = not fetch(connection, "SELECT 1 FROM account LIMIT 1")
        named = fetch(connection, "SELECT coalesce(max(segment), 0) FROM blob")[0][0]
    if not profile.segment(named).exists():
        # What is lost keeps its number: else a row of it would name what is put there.
        profile.segments.mkdir(mode=0o700, exist_ok=True)
        profile.segment(named + 1).touch(mode=0o600)
    if loose:
        profile.loose.touch(mode=0o600)
        profile.loose.write_bytes(b"")
    if kept is not None:
        for end in ("-wal", "-shm", ""):
            path = profile.database.with_name(profile.database.name + end)
            if path.exists():
                path.rename(kept.with_name(kept.name + end))
    new.rename(profile.database)
    profile.salvage.unlink(missing_ok=True)
    _log.error("the store was damaged, and was put together anew; kept is %s", kept)
    return Salvaged(kept, loose, is_empty)


def _fill(profile: Profile, new: Path) -> None:
    """Make a new database of what can be read; when `new` is there, it is whole."""
    filling, copy = (profile.database.with_name(f"mail.{name}.db") for name in ("filling", "copy"))
    try:
        _copy_readable(profile, filling, copy)
        _remove(new)
        filling.rename(new)
    finally:
        _remove(filling)
        _remove(copy)


def _copy_readable(profile: Profile, new: Path, copy: Path) -> None:
    if profile.database.exists():
        _remove(new)
        try:
            _copy_all(profile, profile.database, new)
        except DAMAGE as error:
            _log.error("the database cannot be read from its beginning: %s", error)
        else:
            return
        _remove(new)
        _remove(copy)
        try:
            if first_page.restore(profile.database, copy):
                _copy_all(profile, copy, new)
                return
        except DAMAGE as error:
            _log.error("nothing of the database can be read: %s", error)
    _remove(new)
    with closing(apsw.Connection(str(new))) as to:
        schema.upgrade(to)
        _keep_loose(to, _find_octets(profile, to))


def _free_name(profile: Profile) -> Path:
    number = 1
    while (path := profile.database.with_name(f"mail.damaged-{number}.db")).exists():
        number += 1
    return path


def _remove(path: Path) -> None:
    for end in ("-wal", "-shm", ""):
        path.with_name(path.name + end).unlink(missing_ok=True)


def _copy_all(profile: Profile, source: Path, new: Path) -> None:
    """Fill a new database with the rows of another one."""
    with closing(open_read_only(source)) as old, closing(apsw.Connection(str(new))) as to:
        version = schema.version_of(old)
        if version < 1:
            raise apsw.CorruptError("it has no tables")
        if version > schema.VERSION:
            raise schema.NewerStoreError(version)
        schema.upgrade(to, to=version)
        to.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        to.execute("PRAGMA foreign_keys = OFF; PRAGMA synchronous = FULL; BEGIN IMMEDIATE")
        for table in _tables(to):
            if table not in _DERIVED:
                _copy(old, to, table)
        if not fetch(to, "SELECT 1 FROM account LIMIT 1"):
            raise apsw.CorruptError("no account can be read")
        loose = _find_octets(profile, to)
        _drop_dangling(to)
        _keep_loose(to, loose)
        _begin_anew(to)
        to.execute("COMMIT")
        to.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        schema.upgrade(to)


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


def _find_octets(profile: Profile, to: apsw.Connection) -> list[StoredOctets]:
    """Give octets whose rows are lost to the messages that lack them; returns the others."""
    named = set(
        fetch(to, f"SELECT b.segment, b.position FROM blob AS b WHERE NOT ({UNNAMED})"),
    )
    loose = []
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
                    loose.append(StoredOctets(sha256(octets), segment, position, len(octets)))
    return loose


def _keep_loose(to: apsw.Connection, loose: list[StoredOctets]) -> None:
    """Name octets that no message names, so that they are not swept away."""
    to.executemany(
        "INSERT OR IGNORE INTO blob (id, sha256, segment, position, octets)"
        " SELECT coalesce(max(id), 0) + 1, ?, ?, ?, ? FROM blob",
        [(one.sha256, one.segment, one.position, one.octets) for one in loose],
    )


def _positions(path: Path) -> list[int]:
    try:
        with closing(open_read_only(path)) as connection:
            return [row[0] for row in _by_rowid(connection, "octets", "id")]
    except (*DAMAGE, apsw.SQLError):  # it may have been cut off before it had a table
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
    _drop_orphans(to)
    to.execute(
        "DELETE FROM message WHERE NOT EXISTS"
        " (SELECT 1 FROM placement AS p WHERE p.message_id = message.id)"
    )
    _drop_orphans(to)


def _drop_orphans(to: apsw.Connection) -> None:
    # A message that was fetched by POP3 is fetched again; one that was deleted here names none.
    to.execute(
        "DELETE FROM pop_seen WHERE message_id IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM message AS m WHERE m.id = message_id)"
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
