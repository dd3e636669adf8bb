"""Messages whose summary is still to be worked out, and when that is done.

A delivery is acknowledged when its octets and its place in the mailbox are durable. ENVELOPE,
BODYSTRUCTURE and what searches need cost as much as all the rest of it, so they are worked out
behind it: when nothing was delivered for a moment, or when somebody asks first. They are written in
the order of the messages, with the number of the last one in the same transaction: what a crash
leaves over is done after the next start. A large message is read piece by piece, and worked out in
a thread: the loop would be held for a quarter of a second by 50 MB.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Final, cast

from desktopmail.tasks import TaskScope
from localserver.store.content import is_large, octets_of
from localserver.store.errors import StoreError
from localserver.store.summary import summarise

if TYPE_CHECKING:
    import apsw

    from localserver.store.database import Database
    from localserver.store.summary import Summary

_LOG = logging.getLogger(__name__)

# So long nothing must have come before it is done unasked. On a disk or a machine that is busy with
# others, deliveries that follow one another come with such gaps as 50 ms.
QUIET_S: Final = 0.25
# What is written in one transaction.
_AT_ONCE: Final = 64
_AT_ONCE_OCTETS: Final = 4 * 1024 * 1024
# So long the loop is kept from its other work.
_STEP_S: Final = 0.002

_ANSWER: Final = "INSERT INTO answer SELECT ?1, ?2, ?3, ?4"
_FINDING: Final = f"INSERT INTO finding SELECT {', '.join(f'?{place}' for place in range(1, 22))}"
# It may have been expunged meanwhile.
_IF_THERE: Final = " WHERE EXISTS (SELECT 1 FROM message WHERE id=?1)"


class Backlog:
    """The messages of one user that have no summary yet.

    Args:
        database: The user's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._scope = TaskScope(_report)
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._working = False
        self._closed = False
        self._grown_at = 0.0
        rows = database.read.execute("SELECT value FROM meta WHERE key='summarised'").fetchall()
        self._done = cast("int", rows[0][0])
        self._newest = self._done
        self.look()

    @property
    def is_clear(self) -> bool:
        """Whether every message has its summary."""
        return self._newest <= self._done

    def look(self) -> None:
        """Look into the database for the newest message."""
        rows = self._database.read.execute("SELECT max(id) FROM message").fetchall()
        self.grew(cast("int | None", rows[0][0]) or 0)

    def grew(self, newest: int) -> None:
        """Learn the number of the newest message."""
        self._newest = max(self._newest, newest)
        self._grown_at = self._loop.time()
        if not self.is_clear and self._timer is None and not self._working and not self._closed:
            self._timer = self._loop.call_later(QUIET_S, self._begin)

    async def clear(self) -> None:
        """Work out everything that is missing now.

        Raises:
            StoreError: It could not be stored.
        """
        wanted = self._newest
        while self._done < wanted:
            await self._some(wanted)

    async def aclose(self) -> None:
        """Stop working; what is left over waits for the next start."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._scope.close()

    def _begin(self) -> None:
        self._timer = None
        left_s = self._grown_at + QUIET_S - self._loop.time()
        if self._database.is_writing:
            left_s = QUIET_S
        if left_s > 0 and not self.is_clear:
            self._timer = self._loop.call_later(left_s, self._begin)
        elif not self.is_clear:
            self._working = True
            self._scope.spawn(self._work(), name="summaries")

    async def _work(self) -> None:
        """Work as long as nothing comes; then the timer begins anew."""
        grown_at = self._grown_at
        try:
            while not self.is_clear and self._grown_at == grown_at:
                await self._some(self._newest, while_at=grown_at)
        except StoreError as error:
            # The disk is full, or the database damaged: whoever asks next is told.
            _LOG.info("%s: summaries have to wait: %s", self._database.path, error)
            return
        finally:
            self._working = False
        self.grew(self._newest)

    async def _some(self, wanted: int, *, while_at: float | None = None) -> None:
        """Work out the next ones; only until something comes, when a time of growth is given."""
        async with self._lock:
            if self._done >= wanted:
                return
            sizes = self._next()
            found, last = await self._summaries(sizes, while_at)
            await self._database.write(
                lambda connection: _store(connection, found, last), self._stored, durable=False
            )

    def _next(self) -> dict[int, int]:
        """Return the numbers and sizes of the messages that are next."""
        rows = self._database.read.execute(
            "SELECT id, size FROM message WHERE id>? ORDER BY id LIMIT ?", (self._done, _AT_ONCE)
        ).fetchall()
        numbered = cast("list[tuple[int, int]]", rows)
        sizes = accumulate(size for _, size in numbered)
        fitting = sum(size <= _AT_ONCE_OCTETS for size in sizes)
        return dict(numbered[: max(fitting, 1)])

    async def _summaries(
        self, sizes: dict[int, int], while_at: float | None
    ) -> tuple[list[tuple[int, Summary]], int]:
        """Return the summaries of messages, and the number of the last one they go up to."""
        found: list[tuple[int, Summary]] = []
        last = None
        begun = self._loop.time()
        for number, size in sizes.items():
            if last is not None and while_at is not None and self._grown_at != while_at:
                break
            summary = await self._large(number) if is_large(size) else self._small(number)
            if summary is not None:  # else it was expunged meanwhile
                found.append((number, summary))
            last = number
            if self._loop.time() - begun > _STEP_S:
                await asyncio.sleep(0)
                begun = self._loop.time()
        return found, self._newest if last is None else last

    def _small(self, number: int) -> Summary | None:
        rows = self._database.read.execute(
            "SELECT header, body FROM content WHERE message=?", (number,)
        ).fetchall()
        for header, body in cast("list[tuple[bytes, bytes]]", rows):
            return summarise(header + body)
        return None

    async def _large(self, number: int) -> Summary | None:
        octets = await self._database.in_turns(partial(octets_of, message=number), _meanwhile)
        return None if octets is None else await self._database.executor.run(summarise, octets)

    def _stored(self, last: int) -> None:
        self._done = max(self._done, last)


async def _meanwhile() -> None:
    """Nothing ends the work between two pieces."""


def _store(connection: apsw.Connection, found: list[tuple[int, Summary]], last: int) -> int:
    connection.executemany(
        _ANSWER + _IF_THERE,
        [(number, each.envelope, each.body, each.structure) for number, each in found],
    )
    connection.executemany(
        _FINDING + _IF_THERE,
        [
            (
                number, each.sent, each.sent_day, each.subject, each.from_text, each.to_text,
                each.cc_text, each.bcc_text, each.base_subject, each.is_reply, each.from_key,
                each.to_key, each.cc_key, each.from_display, each.to_display, each.message_id,
                each.ancestors, each.preview, each.header_text, each.body_text,
                each.parts_text,
            )
            for number, each in found
        ],
    )  # fmt: skip
    connection.execute("UPDATE meta SET value=? WHERE key='summarised'", (last,))
    return last


def _report(name: str, error: Exception) -> None:
    _LOG.error("%s failed", name, exc_info=error)
