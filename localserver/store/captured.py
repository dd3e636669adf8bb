"""Mail for elsewhere that was kept instead of being sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from localserver.store.content import place_of, put
from localserver.store.interface import Captured

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from localserver.changes import Changes
    from localserver.store.database import Database


class CapturedMail:
    """All captured messages, over one database."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def add(
        self, sender: str, recipients: Sequence[str], octets: bytes, arrived: datetime
    ) -> Captured:
        """Keep a message; durable when it returns."""
        moment = arrived.astimezone(UTC).replace(microsecond=0)

        def job(connection: apsw.Connection) -> int:
            connection.execute(
                "INSERT INTO captured (sender, recipients, arrived, octets) VALUES (?, ?, ?, ?)",
                (sender, json.dumps(list(recipients)), int(moment.timestamp()), place_of(octets)),
            )
            number = connection.last_insert_rowid()
            put(connection, "captured", "octets", number, octets)
            return number

        number = await self._database.write(job)
        self._changes.tell("captured", number=number)
        return Captured(number, sender, tuple(recipients), octets, moment)

    def all(self) -> list[Captured]:
        """Every captured message, oldest first."""
        return self._rows("ORDER BY number")

    def newest(self, count: int) -> list[Captured]:
        """The newest so many, oldest first."""
        return self._rows("ORDER BY number DESC LIMIT ?", count)[::-1]

    def one(self, number: int) -> Captured | None:
        """The captured message of a number, None when there is none."""
        found = self._rows("WHERE number=?", number)
        return found[0] if found else None

    def _rows(self, which: str, *bindings: int) -> list[Captured]:
        rows = self._database.read.execute(
            f"SELECT number, sender, recipients, octets, arrived FROM captured {which}",
            bindings,
        ).fetchall()
        return [
            Captured(
                cast("int", number),
                cast("str", sender),
                tuple(json.loads(cast("str", recipients))),
                cast("bytes", octets),
                datetime.fromtimestamp(cast("int", arrived), UTC),
            )
            for number, sender, recipients, octets, arrived in rows
        ]

    async def clear(self) -> int:
        """Forget them all; returns how many."""

        def job(connection: apsw.Connection) -> int:
            connection.execute("DELETE FROM captured")
            return connection.changes()

        count = await self._database.write(job)
        self._changes.tell("captured", number=None)
        return count

    async def forget(self, number: int) -> bool:
        """Forget one; returns whether there was such a one."""

        def job(connection: apsw.Connection) -> bool:
            connection.execute("DELETE FROM captured WHERE number=?", (number,))
            return connection.changes() > 0

        found = await self._database.write(job)
        if found:
            self._changes.tell("captured", number=number)
        return found

    async def aclose(self) -> None:
        """Finish what is being written and close the database."""
        await self._database.aclose()
