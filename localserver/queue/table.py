"""The queue on the disk: messages, and what is known about each of their recipients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from desktopmail.wire.smtp.mail import Ret
from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient
from localserver.queue.interface import QueueItem
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.store.content import place_of, put
from localserver.store.database import Schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    import apsw

    from localserver.store.database import Database

SCHEMA: Final = Schema(
    (
        """
        CREATE TABLE message (
            id INTEGER PRIMARY KEY AUTOINCREMENT, identifier TEXT NOT NULL, sender TEXT NOT NULL,
            octets BLOB NOT NULL, size INTEGER NOT NULL, user TEXT, ret TEXT, envid TEXT,
            smtputf8 INTEGER NOT NULL, binary INTEGER NOT NULL, requiretls INTEGER NOT NULL,
            held INTEGER NOT NULL, arrived REAL NOT NULL
        ) STRICT;
        CREATE TABLE recipient (
            message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
            position INTEGER NOT NULL, address TEXT NOT NULL, notify TEXT,
            orcpt_kind TEXT, orcpt_address TEXT, tries INTEGER NOT NULL DEFAULT 0,
            next_try REAL NOT NULL, last_error TEXT NOT NULL DEFAULT '',
            warned INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (message, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX due ON recipient (next_try);
        """,
    ),
    application_id=0x64_6D_51_75,  # "dmQu"
)


@dataclass(frozen=True, slots=True)
class Queued:
    """One recipient that is due.

    Attributes:
        position: Among the recipients of its message.
        recipient: Who.
        tries: Attempts so far.
        warned: Its delay was reported.
    """

    position: int
    recipient: OutgoingRecipient
    tries: int
    warned: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A message with the recipients that are due."""

    id: int
    arrived: datetime
    message: Outgoing
    recipients: tuple[Queued, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """What is to be remembered about a recipient that stays in the queue."""

    position: int
    next_try: datetime
    last_error: str
    warned: bool


class QueueTable:
    """Reads and writes the queue's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, message: Outgoing, now: datetime) -> int:
        """Keep a message; durable when it returns its number."""

        def job(connection: apsw.Connection) -> int:
            connection.execute(
                "INSERT INTO message (identifier, sender, octets, size, user, ret, envid, smtputf8,"
                " binary, requiretls, held, arrived) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    message.identifier,
                    message.sender,
                    place_of(message.octets),
                    len(message.octets),
                    message.user,
                    message.ret.value if message.ret else None,
                    message.envid,
                    int(message.smtputf8),
                    int(message.binary),
                    int(message.requiretls),
                    int(message.hold),
                    now.timestamp(),
                ),
            )
            number = connection.last_insert_rowid()
            put(connection, "message", "octets", number, message.octets)
            connection.executemany(
                "INSERT INTO recipient (message, position, address, notify, orcpt_kind,"
                " orcpt_address, next_try) VALUES (?,?,?,?,?,?,?)",
                [
                    (
                        number,
                        position,
                        recipient.address,
                        _notify(recipient),
                        recipient.orcpt.kind if recipient.orcpt else None,
                        recipient.orcpt.address if recipient.orcpt else None,
                        now.timestamp(),
                    )
                    for position, recipient in enumerate(message.recipients)
                ],
            )
            return number

        return await self._database.write(job)

    def due(self, now: datetime, *, limit: int = 50) -> list[Due]:
        """Return messages that have recipients to be tried now, oldest first.

        Args:
            now: The time.
            limit: How many at most.
        """
        numbers = self._rows(
            "SELECT DISTINCT message FROM recipient JOIN message ON message.id = message"
            " WHERE next_try <= ? AND NOT held ORDER BY message LIMIT ?",
            now.timestamp(),
            limit,
        )
        return [self._load(number, now) for (number,) in numbers]

    def next_try(self) -> datetime | None:
        """Return when the next recipient is due, or None when nothing waits."""
        ((earliest,),) = self._rows(
            "SELECT min(next_try) FROM recipient JOIN message ON message.id = message"
            " WHERE NOT held"
        )
        return None if earliest is None else datetime.fromtimestamp(earliest, UTC)

    async def settle(self, message: int, done: Sequence[int], later: Sequence[Later]) -> None:
        """Remove recipients that are done with, remember the others; durable when it returns."""

        def job(connection: apsw.Connection) -> None:
            connection.executemany(
                "DELETE FROM recipient WHERE message = ? AND position = ?",
                [(message, position) for position in done],
            )
            connection.executemany(
                "UPDATE recipient SET tries = tries + 1, next_try = ?, last_error = ?, warned = ?"
                " WHERE message = ? AND position = ?",
                [
                    (
                        each.next_try.timestamp(),
                        each.last_error,
                        int(each.warned),
                        message,
                        each.position,
                    )
                    for each in later
                ],
            )
            _remove_if_empty(connection, message)

        await self._database.write(job)

    async def make_due(self, message: int | None, now: datetime, *, release: bool = False) -> int:
        """Make one message, or all, due now; returns how many recipients that is."""

        def job(connection: apsw.Connection) -> int:
            if release:
                connection.execute("UPDATE message SET held = 0 WHERE id = ?", (message,))
            connection.execute(
                "UPDATE recipient SET next_try = ? WHERE ?2 IS NULL OR message = ?2",
                (now.timestamp(), message),
            )
            return connection.changes()

        return await self._database.write(job)

    async def drop(self, message: int) -> int:
        """Remove a message; returns how many recipients it still had."""

        def job(connection: apsw.Connection) -> int:
            connection.execute("DELETE FROM recipient WHERE message = ?", (message,))
            count = connection.changes()
            _remove_if_empty(connection, message)
            return count

        return await self._database.write(job)

    def load(self, message: int, now: datetime) -> Due | None:
        """Return a message with all the recipients that it has left, or None."""
        rows = self._rows("SELECT 1 FROM message WHERE id = ?", message)
        return self._load(message, datetime.max.replace(tzinfo=now.tzinfo)) if rows else None

    def waiting(self) -> list[QueueItem]:
        """Return everything that waits, oldest first."""
        rows = self._rows(
            "SELECT id, identifier, sender, address, size, arrived, tries, next_try, last_error,"
            " held FROM recipient JOIN message ON message.id = message ORDER BY id, position"
        )
        return [
            QueueItem(
                id=row[0],
                identifier=row[1],
                sender=row[2],
                recipient=row[3],
                size=row[4],
                arrived=datetime.fromtimestamp(row[5], UTC),
                tries=row[6],
                next_try=datetime.fromtimestamp(row[7], UTC),
                last_error=row[8],
                held=bool(row[9]),
            )
            for row in rows
        ]

    def _rows(self, sql: str, *bindings: float | str) -> list[tuple[Any, ...]]:
        # The schema is STRICT: the columns have the types that the callers take them for.
        return cast("list[tuple[Any, ...]]", self._database.read.execute(sql, bindings).fetchall())

    def _load(self, number: int, now: datetime) -> Due:
        (row,) = self._rows(
            "SELECT identifier, sender, octets, user, ret, envid, smtputf8, binary, requiretls,"
            " held, arrived FROM message WHERE id = ?",
            number,
        )
        recipients = self._rows(
            "SELECT position, address, notify, orcpt_kind, orcpt_address, tries, warned"
            " FROM recipient WHERE message = ? AND next_try <= ? ORDER BY position",
            number,
            now.timestamp(),
        )
        queued = tuple(
            Queued(position, _recipient(address, notify, kind, original), tries, bool(warned))
            for position, address, notify, kind, original, tries, warned in recipients
        )
        message = Outgoing(
            identifier=row[0],
            sender=row[1],
            recipients=tuple(each.recipient for each in queued),
            octets=row[2],
            user=row[3],
            ret=Ret(row[4]) if row[4] else None,
            envid=row[5],
            smtputf8=bool(row[6]),
            binary=bool(row[7]),
            requiretls=bool(row[8]),
            hold=bool(row[9]),
        )
        return Due(number, datetime.fromtimestamp(row[10], UTC), message, queued)


def _notify(recipient: OutgoingRecipient) -> str | None:
    if recipient.notify is None:
        return None
    return ",".join(sorted(each.value for each in recipient.notify))


def _recipient(
    address: str, notify: str | None, kind: str | None, original: str | None
) -> OutgoingRecipient:
    return OutgoingRecipient(
        address,
        None if notify is None else frozenset(Notify(word) for word in notify.split(",")),
        OriginalRecipient(kind, original) if kind and original else None,
    )


def _remove_if_empty(connection: apsw.Connection, message: int) -> None:
    connection.execute(
        "DELETE FROM message WHERE id = ?1"
        " AND NOT EXISTS (SELECT 1 FROM recipient WHERE message = ?1)",
        (message,),
    )
