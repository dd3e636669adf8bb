"""Mailboxes made, deleted, renamed and subscribed to; part of a write each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from localserver.store import names
from localserver.store.append import charge
from localserver.store.errors import (
    CannotError,
    LimitError,
    MailboxExistsError,
    NoSuchMailboxError,
)
from localserver.store.expunge import release
from localserver.store.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from localserver.store.interface import StoreLimits

_COLUMNS = (
    "id, name, uidvalidity, uidnext, modseq, special_use, messages, unseen, deleted, octets,"
    " recent_from"
)


@dataclass(frozen=True, slots=True)
class Renamed:
    """What a rename did.

    Attributes:
        names: New names, by the mailbox's number.
        made: Mailboxes that had to be made above the new name.
    """

    names: dict[int, str]
    made: list[Mailbox]


def load_mailboxes(connection: apsw.Connection) -> list[Mailbox]:
    """Read every mailbox."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM mailbox").fetchall()
    return [_mailbox(row) for row in rows]


def load_subscriptions(connection: apsw.Connection) -> set[str]:
    """Read every subscribed name."""
    return {cast("str", row[0]) for row in connection.execute("SELECT name FROM subscription")}


def create(
    connection: apsw.Connection, name: str, special_use: str, now: int, most: int
) -> list[Mailbox]:
    """Make a mailbox and those missing above it; returns what was made, the wanted one last.

    Raises:
        MailboxExistsError: It exists.
        LimitError: There are too many.
    """
    taken = {row[0] for row in connection.execute("SELECT name FROM mailbox").fetchall()}
    if name in taken:
        raise MailboxExistsError("There is a mailbox of that name already.")
    wanted = [*(parent for parent in names.parents(name) if parent not in taken), name]
    if len(taken) + len(wanted) > most:
        raise LimitError(f"A user has at most {most} mailboxes.")
    return [_make(connection, each, special_use if each == name else "", now) for each in wanted]


def _make(connection: apsw.Connection, name: str, special_use: str, now: int) -> Mailbox:
    if special_use:  # one mailbox for each use: the newest
        connection.execute("UPDATE mailbox SET special_use='' WHERE special_use=?", (special_use,))
    rows = connection.execute(
        "INSERT INTO mailbox (name, uidvalidity, special_use) VALUES (?, ?, ?)"
        f" RETURNING {_COLUMNS}",
        (name, next_uidvalidity(connection, now), special_use),
    ).fetchall()
    return _mailbox(rows[0])


def _mailbox(row: tuple[object, ...]) -> Mailbox:
    return Mailbox(*cast("Any", row))  # the columns are the fields, in their order


def next_uidvalidity(connection: apsw.Connection, now: int) -> int:
    """Return a UIDVALIDITY higher than every one before: the time, or one more than the last."""
    rows = connection.execute(
        "UPDATE meta SET value=max(value+1, ?) WHERE key='uidvalidity' RETURNING value", (now,)
    ).fetchall()
    return cast("int", rows[0][0])


def delete(connection: apsw.Connection, mailbox: Mailbox) -> None:
    """Delete a mailbox with its messages.

    Raises:
        CannotError: It is the INBOX.
        NoSuchMailboxError: It was deleted meanwhile.
    """
    if mailbox.name == names.INBOX:
        raise CannotError("INBOX cannot be deleted.")
    if not connection.execute("SELECT 1 FROM mailbox WHERE id=?", (mailbox.number,)).fetchall():
        raise NoSuchMailboxError("There is no mailbox of that name.")
    rows = connection.execute(
        "SELECT message, size FROM entry JOIN message ON id=message WHERE mailbox=?",
        (mailbox.number,),
    ).fetchall()
    connection.execute("DELETE FROM entry WHERE mailbox=?", (mailbox.number,))
    connection.execute("DELETE FROM expunged WHERE mailbox=?", (mailbox.number,))
    connection.execute("DELETE FROM mailbox WHERE id=?", (mailbox.number,))
    release(connection, [cast("int", row[0]) for row in rows])
    charge(connection, -sum(cast("int", row[1]) for row in rows), -len(rows), None)


def rename(
    connection: apsw.Connection, name: str, new: str, now: int, limits: StoreLimits
) -> Renamed:
    """Rename a mailbox and all below it; UIDVALIDITY, UIDs and MAILBOXID stay.

    Raises:
        MailboxExistsError: A new name is taken.
        CannotError: The new name lies below the old one.
        NoSuchMailboxError: It was deleted meanwhile.
    """
    rows = connection.execute("SELECT name, id FROM mailbox").fetchall()
    numbers = dict(cast("list[tuple[str, int]]", rows))
    if name not in numbers:
        raise NoSuchMailboxError("There is no mailbox of that name.")
    if new.startswith(name + names.DELIMITER):
        raise CannotError("A mailbox cannot be moved below itself.")
    renamed = {old: new + old[len(name) :] for old in [name, *names.below(name, numbers)]}
    for fresh in renamed.values():
        if fresh in numbers:
            raise MailboxExistsError("There is a mailbox of that name already.")
        names.check(fresh, limits)
    missing = [parent for parent in names.parents(new) if parent not in numbers]
    made = [_make(connection, parent, "", now) for parent in missing]
    connection.executemany(
        "UPDATE mailbox SET name=? WHERE id=?",
        [(fresh, numbers[old]) for old, fresh in renamed.items()],
    )
    return Renamed({numbers[old]: fresh for old, fresh in renamed.items()}, made)


def subscribe(connection: apsw.Connection, name: str, on: bool) -> None:
    """Subscribe to a name, or no longer."""
    if on:
        connection.execute("INSERT OR IGNORE INTO subscription VALUES (?)", (name,))
    else:
        connection.execute("DELETE FROM subscription WHERE name=?", (name,))


def save_recent(connection: apsw.Connection, fresh: Sequence[tuple[int, int]]) -> None:
    r"""Store up to which UID messages were shown as \Recent, by mailbox."""
    connection.executemany("UPDATE mailbox SET recent_from=? WHERE id=?", fresh)


def new_uidvalidity(connection: apsw.Connection, number: int, now: int) -> tuple[int, int, int]:
    """Give a mailbox a new UIDVALIDITY and its messages new UIDs.

    Returns:
        The new UIDVALIDITY, UIDNEXT and MODSEQ, which goes on: sessions that have the mailbox open
        would take later changes with a lower one for old.
    """
    uidvalidity = next_uidvalidity(connection, now)
    rows = connection.execute(
        "SELECT flags, message, saved FROM entry WHERE mailbox=? ORDER BY uid", (number,)
    ).fetchall()
    connection.execute("DELETE FROM entry WHERE mailbox=?", (number,))
    connection.execute("DELETE FROM expunged WHERE mailbox=?", (number,))
    connection.executemany(
        "INSERT INTO entry VALUES (?, ?, ?, (SELECT modseq+1 FROM mailbox WHERE id=?1), ?, ?)",
        [(number, uid, *row) for uid, row in enumerate(rows, 1)],
    )
    changed = connection.execute(
        "UPDATE mailbox SET uidvalidity=?, uidnext=?, modseq=modseq+1 WHERE id=?"
        " RETURNING uidvalidity, uidnext, modseq",
        (uidvalidity, len(rows) + 1, number),
    ).fetchall()
    return cast("tuple[int, int, int]", changed[0])
