"""Mail for elsewhere that was kept instead of being sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from localserver.store.interface import Captured

if TYPE_CHECKING:
    from collections.abc import Sequence

    import apsw

    from localserver.store.database import Database


class CapturedMail:
    """All captured messages, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(
        self, sender: str, recipients: Sequence[str], octets: bytes, arrived: datetime
    ) -> Captured:
        """Keep a message; durable when it returns."""
        moment = arrived.astimezone(UTC).replace(microsecond=0)

        def job(connection: apsw.Connection) -> int:
            connection.execute(
                "INSERT INTO captured (sender, recipients, arrived, octets) VALUES (?, ?, ?, ?)",
                (sender, json.dumps(list(recipients)), int(moment.timestamp()), octets),
            )
            return connection.last_insert_rowid()

        number = await self._database.write(job)
        return Captured(number, sender, tuple(recipients), octets, moment)

    def all(self) -> list[Captured]:
        """Every captured message, oldest first."""
        rows = self._database.read.execute(
            "SELECT number, sender, recipients, octets, arrived FROM captured ORDER BY number"
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

    async def clear(self) -> None:
        """Forget them all."""
        await self._database.write(lambda connection: connection.execute("DELETE FROM captured"))

    async def aclose(self) -> None:
        """Finish what is being written and close the database."""
        await self._database.aclose()
