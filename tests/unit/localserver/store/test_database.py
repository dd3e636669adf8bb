"""One commit for all who wait, in memory and on disk by the same code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import apsw
import pytest

from desktopmail.net.ports import ThreadExecutor
from desktopmail.tasks import TaskScope
from localserver.store import database as database_module
from localserver.store.database import (
    PAGE_OCTETS,
    Database,
    Schema,
    explained,
    open_database,
)
from localserver.store.errors import DamagedError, DiskFullError, LimitError, StoreError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from localserver.steps import Steps

SCHEMA = Schema(("CREATE TABLE t (n INTEGER PRIMARY KEY, text)",), 0x7E57)


@pytest.fixture(params=["memory", "disk"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    path = None if request.param == "memory" else tmp_path / "mail.db"
    database = await open_database(path, SCHEMA, ThreadExecutor())
    yield database
    await database.aclose()


@pytest.fixture
async def on_disk(tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    yield database
    await database.aclose()


def numbers(database: Database) -> list[int]:
    return [row[0] for row in database.read.execute("SELECT n FROM t ORDER BY n").fetchall()]


def insert(number: int) -> object:
    def job(connection: apsw.Connection) -> int:
        connection.execute("INSERT INTO t VALUES (?, 'x')", (number,))
        return number

    return job


async def test_what_was_written_can_be_read_at_once(database: Database) -> None:
    assert await database.write(insert(1)) == 1
    assert numbers(database) == [1]


async def test_jobs_that_wait_together_are_all_done_and_told_in_order(database: Database) -> None:
    told: list[int] = []
    results = await asyncio.gather(*(database.write(insert(n), told.append) for n in range(50)))
    assert results == list(range(50))
    assert told == results
    assert numbers(database) == results


async def test_a_job_that_raises_undoes_its_own_work_and_nobody_elses(database: Database) -> None:
    def refuses(connection: apsw.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (99, 'x')")
        raise LimitError("enough")

    outcomes = await asyncio.gather(
        database.write(insert(1)), database.write(refuses), database.write(insert(2)),
        return_exceptions=True,
    )  # fmt: skip
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], LimitError)
    assert numbers(database) == [1, 2]


async def test_a_statement_that_fails_does_not_take_its_neighbours_along(
    database: Database,
) -> None:
    await database.write(insert(7))
    outcomes = await asyncio.gather(
        database.write(insert(1)), database.write(insert(7)), database.write(insert(2)),
        return_exceptions=True,
    )  # fmt: skip
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], StoreError)
    assert outcomes[2] == 2
    assert numbers(database) == [1, 2, 7]


class _Insert:
    """A job that is done together with its neighbours, and refuses one number."""

    counts: ClassVar[list[int]] = []

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, connection: apsw.Connection) -> int:
        return self.together(connection, [self])[0]

    @staticmethod
    def together(connection: apsw.Connection, jobs: Sequence[_Insert]) -> list[int]:
        _Insert.counts.append(len(jobs))
        for job in jobs:
            connection.execute("INSERT INTO t VALUES (?, 'x')", (job.number,))
            if job.number == 13:
                raise LimitError("not this one")
        return [job.number for job in jobs]


async def test_jobs_of_a_kind_are_done_together_and_still_in_order(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    _Insert.counts = []
    results = await asyncio.gather(
        *(database.write(_Insert(n)) for n in (1, 2, 3)), database.write(insert(4)),
        database.write(_Insert(5)),
    )  # fmt: skip
    assert results == [1, 2, 3, 4, 5]
    assert _Insert.counts == [3, 1]
    await database.aclose()


async def test_one_of_several_that_refuses_leaves_the_others_done(database: Database) -> None:
    outcomes = await asyncio.gather(
        *(database.write(_Insert(n)) for n in (1, 13, 2)), return_exceptions=True
    )
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], LimitError)
    assert outcomes[2] == 2
    assert numbers(database) == [1, 2]


async def test_who_needs_no_durable_write_does_not_make_the_others_less_so(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    seen: list[int] = []

    def job(connection: apsw.Connection) -> None:
        seen.append(connection.pragma("synchronous"))

    normal, full = 1, 2
    await database.write(job, durable=False)
    await database.write(job)
    await asyncio.gather(database.write(job, durable=False), database.write(job))
    assert seen == [normal, full, full, full]
    await database.aclose()


ROW_OCTETS = PAGE_OCTETS * 5 // 8  # one fits into a page, and two do not


async def fill(database: Database, first: int, count: int) -> None:
    def job(connection: apsw.Connection) -> None:
        for number in range(first, first + count):
            connection.execute("INSERT INTO t VALUES (?, ?)", (number, "x" * ROW_OCTETS))

    await database.write(job)


async def rest(database: Database) -> None:
    """Wait until nothing is committed, and nothing folded in."""
    while database._scope.busy:
        await database._scope.settled()


async def test_the_log_is_folded_in_beside_the_commits_and_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_FOLD_PAGES", 20)
    path = tmp_path / "mail.db"
    database = await open_database(path, SCHEMA, ThreadExecutor())
    small = path.stat().st_size
    await fill(database, 0, 40)
    await rest(database)
    assert path.stat().st_size >= small + 40 * ROW_OCTETS
    log = path.with_name("mail.db-wal").stat().st_size
    for begin in range(40, 400, 40):
        await fill(database, begin, 40)
        await rest(database)
    assert path.with_name("mail.db-wal").stat().st_size < 3 * log
    assert len(numbers(database)) == 400
    await database.aclose()


async def test_a_log_that_never_comes_to_rest_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_FOLD_PAGES", 25)
    monkeypatch.setattr(database_module, "_MOST_PAGES", 50)
    path = tmp_path / "mail.db"
    database = await open_database(path, SCHEMA, ThreadExecutor())
    for begin in range(0, 1000, 20):
        await fill(database, begin, 20)
    assert path.with_name("mail.db-wal").stat().st_size < 4 * 50 * PAGE_OCTETS
    assert len(numbers(database)) == 1000
    await database.aclose()


async def test_commits_wait_for_a_folding_that_is_slower_than_they(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_FOLD_PAGES", 25)
    monkeypatch.setattr(database_module, "_MOST_PAGES", 100)
    path = tmp_path / "mail.db"
    executor = SlowFolding()
    database = await open_database(path, SCHEMA, executor)
    scope = TaskScope(lambda _name, _error: None)
    filling = scope.spawn(fill_often(database), name="commits")
    await executor.began.wait()
    await executor.quiet()
    held_up = path.with_name("mail.db-wal").stat().st_size
    assert filling is not None
    assert not filling.done()
    assert held_up < 2 * 100 * PAGE_OCTETS
    executor.go_on.set()
    await filling
    assert path.with_name("mail.db-wal").stat().st_size < 2 * 100 * PAGE_OCTETS
    await database.aclose()


async def test_a_database_closes_while_its_log_would_be_folded_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "_FOLD_PAGES", 1)
    for number in range(5):
        database = await open_database(tmp_path / f"{number}.db", SCHEMA, ThreadExecutor())
        scope = TaskScope(lambda _name, _error: None)
        scope.spawn(fill(database, 0, 40), name="a commit")
        while not database.is_writing:
            await asyncio.sleep(0)
        await database.aclose()
        await scope.settled()
        again = await open_database(tmp_path / f"{number}.db", SCHEMA, ThreadExecutor())
        assert len(numbers(again)) == 40
        await again.aclose()


async def fill_often(database: Database) -> None:
    for begin in range(0, 1000, 20):
        await fill(database, begin, 20)


class SlowFolding(ThreadExecutor):
    """Holds the first folding of the log back."""

    def __init__(self) -> None:
        super().__init__()
        self.began, self.go_on = asyncio.Event(), asyncio.Event()
        self.running = 0

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        if function is database_module._fold_in and not self.began.is_set():
            self.began.set()
            await self.go_on.wait()
        self.running += 1
        try:
            return await super().run(function, *args)
        finally:
            self.running -= 1

    async def quiet(self) -> None:
        """Wait until nothing runs, nor begins to."""
        for _ in range(20):
            while self.running:
                await asyncio.sleep(0)
            await asyncio.sleep(0)


async def test_a_cancelled_caller_still_has_its_change_told(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    told: list[int] = []
    async with asyncio.timeout(5):
        caller = asyncio.get_running_loop().create_task(database.write(insert(1), told.append))
        await asyncio.sleep(0)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        await database.write(insert(2))
    assert told == [1]
    assert numbers(database) == [1, 2]
    await database.aclose()


async def test_a_closed_database_refuses(tmp_path: Path) -> None:
    other = await open_database(tmp_path / "other.db", SCHEMA, ThreadExecutor())
    await other.aclose()
    with pytest.raises(StoreError, match="stopping"):
        await other.write(insert(1))


async def test_damage_is_found_when_the_file_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    database = await open_database(path, SCHEMA, ThreadExecutor())
    for n in range(200):
        await database.write(
            lambda connection, n=n: connection.execute(
                "INSERT INTO t VALUES (?, ?)", (n, "x" * (PAGE_OCTETS // 9))
            )
        )
    await database.aclose()
    octets = bytearray(path.read_bytes())
    octets[PAGE_OCTETS * 3 : PAGE_OCTETS * 4] = bytes(PAGE_OCTETS)
    path.write_bytes(octets)
    with pytest.raises(DamagedError, match="snapshot restore"):
        await open_database(path, SCHEMA, ThreadExecutor(), checked=True)


async def test_damage_that_is_found_later_stops_all_writing(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    database = await open_database(path, SCHEMA, ThreadExecutor())
    for n in range(200):
        await database.write(
            lambda connection, n=n: connection.execute(
                "INSERT INTO t VALUES (?, ?)", (n, "x" * (PAGE_OCTETS // 9))
            )
        )
    await database.aclose()
    database = await open_database(path, SCHEMA, ThreadExecutor())
    await database.look_through()
    octets = bytearray(path.read_bytes())
    octets[PAGE_OCTETS * 3 : PAGE_OCTETS * 4] = bytes(PAGE_OCTETS)
    path.write_bytes(octets)
    with pytest.raises(DamagedError, match="snapshot restore"):
        await database.look_through()
    with pytest.raises(DamagedError, match="snapshot restore"):
        await database.write(insert(1000))
    await database.aclose()


async def test_looking_for_damage_is_given_up_when_the_server_stops(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    async with asyncio.TaskGroup() as group:
        looking = group.create_task(database.look_through())
        await asyncio.sleep(0)
        looking.cancel()
    assert looking.cancelled()
    await database.aclose()


async def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    path.write_bytes(b"From: someone" * 1000)
    with pytest.raises(DamagedError):
        await open_database(path, SCHEMA, ThreadExecutor())


async def test_a_place_where_nothing_can_be_opened_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    path.mkdir()
    with pytest.raises(StoreError, match=r"mail\.db cannot be opened"):
        await open_database(path, SCHEMA, ThreadExecutor())


async def test_a_database_of_another_program_or_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    await (await open_database(path, SCHEMA, ThreadExecutor())).aclose()
    with pytest.raises(DamagedError, match="no database of this server"):
        await open_database(path, Schema(SCHEMA.steps, 1), ThreadExecutor())
    with pytest.raises(DamagedError, match="newer"):
        await open_database(path, Schema((), SCHEMA.application_id), ThreadExecutor())


async def test_a_full_disk_is_said_and_loses_nothing(tmp_path: Path) -> None:
    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    await database.write(insert(1))
    await database.write(
        lambda connection: connection.execute("PRAGMA max_page_count=4").fetchall()
    )

    def big(connection: apsw.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (2, zeroblob(1000000))")

    with pytest.raises(DiskFullError, match="no room"):
        await database.write(big)
    assert numbers(database) == [1]
    await database.aclose()


def test_errors_are_told_apart() -> None:
    assert isinstance(explained(apsw.FullError("full"), "x"), DiskFullError)
    assert isinstance(explained(apsw.CorruptError("malformed"), "x"), DamagedError)
    assert type(explained(apsw.BusyError("locked"), "x")) is StoreError


def is_open(connection: apsw.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
    except apsw.ConnectionClosedError:
        return False
    return True


async def nothing() -> None:
    """What a slow query that nobody watches does between two pieces."""


def rows_of(sql: str) -> Callable[[apsw.Connection], Steps[list[tuple[Any, ...]]]]:
    """A SELECT whose rows are steps."""

    def steps(connection: apsw.Connection) -> Steps[list[tuple[Any, ...]]]:
        rows = []
        for row in connection.execute(sql):
            rows.append(row)
            yield
        return rows

    return steps


async def test_a_slow_query_returns_what_its_steps_found(database: Database) -> None:
    await asyncio.gather(*(database.write(insert(n)) for n in range(3)))
    rows = await database.in_turns(rows_of("SELECT n, text FROM t ORDER BY n"), nothing)
    assert rows == [(0, "x"), (1, "x"), (2, "x")]


async def test_a_slow_query_that_fails_is_an_error_of_the_store(database: Database) -> None:
    with pytest.raises(StoreError, match="failed"):
        await database.in_turns(rows_of("SELECT n FROM nowhere"), nothing)


SLOW = (
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c LIMIT 10000000) SELECT n FROM c"
)


async def test_a_slow_query_gives_others_their_turn_and_ends_when_it_is_told_to(
    database: Database,
) -> None:
    turns: list[int] = []

    async def meanwhile() -> None:
        turns.append(await database.write(insert(len(turns))))
        if len(turns) == 5:
            raise StoreError("enough")

    with pytest.raises(StoreError, match="enough"):
        await database.in_turns(rows_of(SLOW), meanwhile)
    assert numbers(database) == turns == [0, 1, 2, 3, 4]
    assert await database.in_turns(rows_of("SELECT n FROM t WHERE n=3"), nothing) == [(3,)]


async def test_two_slow_queries_take_turns(database: Database) -> None:
    said: list[str] = []

    async def ask(name: str) -> None:
        async def meanwhile() -> None:
            said.append(name)
            if said.count(name) == 4:
                raise StoreError("enough")

        with pytest.raises(StoreError, match="enough"):
            await database.in_turns(rows_of(SLOW), meanwhile)

    await asyncio.gather(ask("one"), ask("other"))
    assert set(said[:3]) == {"one", "other"}


async def test_of_the_connections_of_slow_queries_one_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[apsw.Connection] = []
    reading = database_module._reading

    def counted(path: Path) -> apsw.Connection:
        made.append(reading(path))
        return made[-1]

    database = await open_database(tmp_path / "mail.db", SCHEMA, ThreadExecutor())
    monkeypatch.setattr(database_module, "_reading", counted)
    await asyncio.gather(*(database.in_turns(rows_of("SELECT 1"), nothing) for _ in range(3)))
    assert len(made) == 3
    assert sum(is_open(one) for one in made) == 1
    assert await database.in_turns(rows_of("SELECT 1"), nothing) == [(1,)]
    assert len(made) == 3
    await database.aclose()
    assert not any(is_open(one) for one in made)


async def test_a_slow_query_that_is_cancelled_leaves_no_thread_at_work(on_disk: Database) -> None:
    scope = TaskScope(lambda _name, _error: None)
    scope.spawn(
        on_disk.in_turns(
            rows_of(SLOW.replace("SELECT n FROM c", "SELECT count(*) FROM c")), nothing
        ),
        name="q",
    )
    await asyncio.sleep(0.05)
    begun = asyncio.get_running_loop().time()
    await scope.close()
    assert await on_disk.in_turns(rows_of("SELECT 1"), nothing) == [(1,)]
    assert asyncio.get_running_loop().time() - begun < 0.5
