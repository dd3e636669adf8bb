"""Which rows stand in a list, and where: the lists of messages that the reader of the store gives.

A list is walked over from a row whose place is known (`landmarks.py` beside it), or from its
beginning.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol

from desktopmail.door.landmarks import Landmarks, Stood
from desktopmail.door.rows import Column
from desktopmail.door.view import Sql, ViewSql, condition_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    import apsw

    from desktopmail.door.ids import PlacementId
    from desktopmail.door.rows import View
    from desktopmail.door.sqlite import Fields, Value
    from desktopmail.door.vocabulary import Vocabulary

# To look up the thread of a row takes so many times as long as to read it in the order of threads.
_READ_ALL = 12
_OF_THREAD = (
    "SELECT id FROM placement INDEXED BY placement_by_thread WHERE thread_id = ? AND shown = 1"
)
# To count more new rows than this takes as long as to walk over those above a row.
_COUNTED_ONE_BY_ONE = 10_000


class Read(Protocol):
    """Runs a statement and returns all its rows; raises `DoorError` where the store is damaged."""

    def __call__(self, sql: str, parameters: tuple[Value, ...] = ..., /) -> list[Fields]:
        """See above."""


class Places:
    """The places of rows in views, as `StoreReader` tells them.

    Args:
        connection: The store.
        read: Reads from it.
    """

    def __init__(self, connection: apsw.Connection, read: Read) -> None:
        self._connection = connection
        self._read = read
        self._landmarks = Landmarks()
        # The list that was counted last, in which state of the store, and its rows.
        self._counted: tuple[Hashable, int] | None = None

    def count(self, view: View, most: int | None = None) -> int:
        """See `StoreReader.count`."""
        sql = self._sql(view)
        if sql is None:
            return 0
        if view.query.strip():
            from desktopmail.door import finding

            return finding.count(sql, self._run, most)
        if view.thread_id is not None:
            return int(self._run(self._narrowed(sql).count())[0][0])
        if most is not None and not view.is_plain:
            return len(self._run(sql.ids(0, most)))
        with self._one_state():
            count = self._count_of(sql)
            self._counted = (self._as_now(sql), count)
        return count

    def ids(
        self, view: View, offset: int, limit: int, places: Landmarks | None = None
    ) -> list[int]:
        """The placement ids of a window; see `StoreReader.window`."""
        sql = self._sql(view)
        if sql is None or limit <= 0:
            return []
        if view.query.strip():
            from desktopmail.door import finding  # with the search language, as `view.condition_of`

            return finding.ids(sql, self._run, offset, limit)
        if (few := self._narrowed(sql)) is not sql:
            return [row[0] for row in self._run(few.ids(offset, limit))]
        return self._listed(sql, offset, limit, places)

    def position(
        self,
        view: View,
        placement_id: PlacementId,
        places: Landmarks | None = None,
        was: tuple[Stood, int] | None = None,
    ) -> int | None:
        """See `StoreReader.position`.

        Where since `was` rows only came, these are counted, instead of all above it: of half a
        million that takes 20 ms.
        """
        sql = self._sql(view)
        if sql is None:
            return None
        sql = self._narrowed(sql)
        with self._one_state():
            keys = self._run(sql.holds(placement_id))
            if not keys:
                return None
            key = keys[0][0]
            row = self._moved(sql, key, placement_id, was) if was is not None else None
            if row is None:
                row = int(self._run(sql.before(key, placement_id))[0][0])
            if places is not None and not view.query.strip():
                places.note((sql.view, sql.mailbox_ids), row, key, placement_id)
                places.stood = self._stood(sql)
        return row

    def of_threads(self, view: View, thread_ids: Iterable[int]) -> list[int]:
        """See `StoreReader.of_threads`."""
        sql = self._sql(view)
        return [] if sql is None else [row[0] for row in self._run(sql.of_threads(thread_ids))]

    def thread_sizes(self, view: View, thread_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
        """How many messages threads have in a view, and how many of them are unread."""
        sql = self._sql(view)
        if sql is None:
            return {}
        return {row[0]: (row[1], row[2]) for row in self._run(sql.thread_sizes(thread_ids))}

    def _sql(self, view: View) -> ViewSql | None:
        mailbox_ids: Sequence[int] = view.mailbox_ids
        if not mailbox_ids:
            mailbox_ids = [
                row[0] for row in self._read("SELECT id FROM mailbox WHERE hidden = 0 ORDER BY id")
            ]
        condition = condition_of(view.query, self._vocabulary if "*" in view.query else None)
        for within in condition.within:
            among = {row[0] for row in self._run(within)}
            mailbox_ids = [one for one in mailbox_ids if one in among]
        return ViewSql(view, tuple(mailbox_ids), condition) if mailbox_ids else None

    def _narrowed(self, sql: ViewSql) -> ViewSql:
        """The same view, among the few rows that one of its filters leaves; else as it is."""
        if sql.view.thread_id is not None:
            return sql.narrowed(Sql(_OF_THREAD, (sql.view.thread_id,)))
        if not sql.view.query.strip() and not sql.is_passed_over:
            return sql
        from desktopmail.door import finding

        return finding.narrowed(sql, self._run)

    def _listed(self, sql: ViewSql, offset: int, limit: int, places: Landmarks | None) -> list[int]:
        """The placement ids of a window of a list, in one state of the store."""
        with self._one_state():
            now = self._as_now(sql)
            marks = self._landmarks if places is None else places
            marks.hold_for(now if places is None else (sql.view, sql.mailbox_ids))
            if self._counted is not None and self._counted[0] == now:
                marks.know_end(self._counted[1])
            count = partial(self._count_of, sql) if sql.is_soon_counted else _not_told
            ids = marks.ids(sql, self._run, count, offset, limit)
            if places is not None and places.stood is None:
                places.stood = self._stood(sql)
            return ids

    def _as_now(self, sql: ViewSql) -> Hashable:
        """A view in this state of the store."""
        return (sql.view, sql.mailbox_ids, self._read("PRAGMA data_version")[0][0])

    def _count_of(self, sql: ViewSql) -> int:
        """How many rows a list has that no query chooses."""
        if sql.view.is_plain:
            column = "unread" if sql.view.unread_only else "total"
            where = f" WHERE mailbox_id IN ({sql.mailboxes})"
            text = f"SELECT coalesce(sum({column}), 0) FROM mailbox_total{where}"
            return int(self._read(text)[0][0])
        if sql.view.threads:
            return int(self._run(sql.threads(most=self._has_most(sql)))[0][0])
        return int(self._run(sql.count())[0][0])

    @contextmanager
    def _one_state(self) -> Iterator[None]:
        """Read several things of one state of the store."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.execute("COMMIT")

    def _stood(self, sql: ViewSql) -> Stood | None:
        """How much there is in a view, where its totals tell all that comes and goes."""
        if not sql.view.is_plain or sql.view.unread_only or sql.view.column is not Column.DATE:
            return None
        total, octets = self._read(
            "SELECT coalesce(sum(total), 0), coalesce(sum(octets), 0) FROM mailbox_total"
            f" WHERE mailbox_id IN ({sql.mailboxes})"
        )[0]
        last = self._read("SELECT seq FROM sqlite_sequence WHERE name = 'placement'")
        return Stood(last[0][0] if last else 0, total, octets)

    def _moved(
        self, sql: ViewSql, key: int, placement_id: int, was: tuple[Stood, int]
    ) -> int | None:
        """In which row a placement is, where since then rows came and none went; else None."""
        stood, row = was
        now = self._stood(sql)
        if now is None or not 0 <= now.last_id - stood.last_id <= _COUNTED_ONE_BY_ONE:
            return None
        came, octets, above = self._read(
            "SELECT count(*), coalesce(sum(size), 0),"
            f" count(*) FILTER (WHERE (date_s, id) {'>' if sql.view.descending else '<'} (?, ?))"
            f" FROM placement AS p WHERE id > ? AND +mailbox_id IN ({sql.mailboxes}) AND shown = 1",
            (key, placement_id, stood.last_id),
        )[0]
        is_all = now.total - stood.total == came and now.octets - stood.octets == octets
        return row + int(above) if is_all else None

    def _has_most(self, sql: ViewSql) -> bool:
        """Whether the mailboxes of a view have so much of all mail that one reads all of it."""
        rows = self._read(
            f"SELECT sum(total * (mailbox_id IN ({sql.mailboxes}))), sum(total) FROM mailbox_total"
        )
        here, everywhere = rows[0]
        return int(here or 0) * _READ_ALL >= int(everywhere or 0)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from desktopmail.door.vocabulary import Vocabulary

        return Vocabulary(self._connection)

    def _run(self, sql: Sql) -> list[Fields]:
        return self._read(sql.text, sql.parameters)


def _not_told() -> None:
    """Count nothing: it takes as long as to walk over all."""
