"""One SQLite database: reads in the loop, writes in a thread, and one commit for all who wait.

A commit with synchronous=FULL waits for the disk. Jobs that arrive while one waits are run
together in the next transaction, and again under savepoints when one of them fails: that is the
group commit. What the log holds is folded into the file by a thread of its own, beside the commits,
which would otherwise wait for twice as much writing. A database in memory has one connection and no
disk to wait for, so its jobs run at once, in the loop, by the same code.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

import apsw

from desktopmail.tasks import TaskScope
from localserver.steps import Work
from localserver.store import functions
from localserver.store.errors import DamagedError, DiskFullError, StoreError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from desktopmail.net.ports import Executor
    from localserver.steps import Steps

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
# A message of a megabyte is written, folded in and read in half as many pieces as with 8 KB.
PAGE_OCTETS = 16384
_WAL_LIMIT_OCTETS = 16 * 1024 * 1024
# Pages in the log after which it is folded in beside the commits, and after which commits wait for
# that: under a load that never ends, only so does the log begin anew.
_FOLD_PAGES = 500
_MOST_PAGES = 3000
# A commit of more jobs than this makes the first of them wait too long.
_MOST_JOBS = 256
_BUSY_MS = 5000
# Turns of the loop between two commits: first who was told answers its client, then what came from
# the others meanwhile is read, and goes into the next commit too. Under ten sessions that send all
# the time, half as many commits carry as many messages.
_TURNS = 2


class Joint(Protocol):
    """A job that several of its kind can do in one."""

    def __call__(self, connection: apsw.Connection) -> object:
        """Do it alone."""

    def together(self, connection: apsw.Connection, jobs: Sequence[Any]) -> list[Any]:
        """Do all of these, which stood one behind the other, and return what each returns."""

    def at_once(self, connection: apsw.Connection, jobs: Sequence[Any]) -> list[Any] | None:
        """Do all of these by one statement without a transaction, or return None; or raise."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    job: Callable[[apsw.Connection], T]
    committed: Callable[[T], None] | None
    future: asyncio.Future[T]
    durable: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """How a database is made and brought up to date.

    Attributes:
        steps: SQL scripts; `PRAGMA user_version` counts how many were run.
        application_id: Marks the file as ours (`PRAGMA application_id`).
    """

    steps: tuple[str, ...]
    application_id: int


class Database:
    """A database; made by `open_database`.

    Attributes:
        read: For reading in the loop; never write with it. Close every cursor (fetch all) before
            the next await, or the write-ahead log cannot shrink.
        path: The file, or None for memory.
        executor: Runs what would hold the loop.
    """

    def __init__(
        self, path: Path | None, read: apsw.Connection, own: apsw.Connection, executor: Executor
    ) -> None:
        self.path = path
        self.read = read
        self._own = own
        self.executor = executor
        self._waiting: list[_Waiting[Any]] = []
        self._scope = TaskScope(_report)
        self._draining = False
        self._closed = False
        self._is_damaged = False
        self._spare: apsw.Connection | None = None  # for the next query that is slow
        self._slow_lock = asyncio.Lock()
        self._beside: apsw.Connection | None = None
        self._folded_pages = 0  # written until it was folded in last
        self._log_pages = 0  # in the log when it was folded in last
        self._folding = asyncio.Lock()
        if path is not None:
            own.wal_autocheckpoint(0)

    async def in_turns(
        self,
        steps: Callable[[apsw.Connection], Steps[T]],
        meanwhile: Callable[[], Awaitable[None]],
    ) -> T:
        """Read what may take long, piece by piece.

        A file is read in threads, each of which is free again for a commit or another query behind
        a piece; a database in memory in the loop, which has its turn there.

        Args:
            steps: Makes the work of a connection; what it reads may come from different moments.
            meanwhile: Awaited between two pieces; what it raises ends the work.

        Raises:
            DamagedError: The database is damaged.
        """
        connection = self.read if self.path is None else self._for_a_slow_query(self.path)
        work = Work(steps(connection))
        try:
            while not await self._piece(work):
                await meanwhile()
        except apsw.Error as error:
            raise explained(error, connection.filename) from error
        finally:
            if work.is_going_on:
                connection.interrupt()  # we were cancelled: the thread that is at it ends soon
            else:
                work.close()
                self._keep(connection)
        return work.result

    def _for_a_slow_query(self, path: Path) -> apsw.Connection:
        connection, self._spare = self._spare, None
        return _reading(path) if connection is None else connection

    def _keep(self, connection: apsw.Connection) -> None:
        """Have a connection ready for the next query that is slow: one is enough."""
        if connection is self.read:
            return
        if self._closed or self._spare is not None:
            connection.close()
        else:
            self._spare = connection

    async def _piece(self, work: Work[T]) -> bool:
        if self.path is None:
            await asyncio.sleep(0)
            return work.go_on()
        async with self._slow_lock:
            return await self.executor.run(work.go_on)

    async def look_through(self) -> None:
        """Look through the whole file beside everything else.

        Raises:
            DamagedError: It is damaged; from then on it is only read, so that it gets no worse.
        """
        if self.path is None:
            return
        connection = _reading(self.path)
        try:
            sound = await self.executor.run(_is_sound, connection)
        except asyncio.CancelledError:
            # The thread ends soon, and closes it; it may have done so already.
            with contextlib.suppress(apsw.ConnectionClosedError):
                connection.interrupt()
            raise
        if not sound:
            self._is_damaged = True
            raise DamagedError(damage_sentence(str(self.path)))

    async def write(
        self,
        job: Callable[[apsw.Connection], T],
        committed: Callable[[T], None] | None = None,
        *,
        durable: bool = True,
    ) -> T:
        """Run a job in a transaction; durable when this returns.

        Args:
            job: Runs in a thread, and again from the start when another job of the same transaction
                broke it: it changes nothing but the database. What it raises undoes what it did. A
                `Joint` one is done together with its neighbours.
            committed: Called in the loop with the result, in the order of the commits, before this
                returns, even when the caller was cancelled meanwhile.
            durable: False for what can be worked out again: a power cut may undo it, as long as
                nothing durable was written behind it, and nobody waits for the disk.

        Raises:
            DiskFullError: No room; nothing was changed.
            DamagedError: The database is damaged.
        """
        if self._closed:
            raise StoreError("The server is stopping.")
        if self._is_damaged:
            raise DamagedError(damage_sentence(str(self.path)))
        if self.path is None:
            outcome = _attempt(self._own, job)
            if isinstance(outcome, BaseException):
                raise outcome
            if committed is not None:
                committed(outcome)
            return outcome
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(job, committed, future, durable))
        if not self._draining:
            self._draining = True
            self._scope.spawn(self._drain(), name=f"commits of {self.path.name}")
        return await future

    @property
    def is_writing(self) -> bool:
        """Whether somebody waits for a commit."""
        return self._draining

    async def aclose(self) -> None:
        """Finish what was asked for, fold the log into the file and close."""
        self._closed = True
        await self._scope.settled()
        if self.path is not None:
            if self._beside is not None:
                self._beside.close()
            async with self._slow_lock:
                if self._spare is not None:
                    self._spare.close()
                    self._spare = None
            self.read.close()
            await self.executor.run(_close, self._own)
        else:
            self._own.close()

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST_JOBS], self._waiting[_MOST_JOBS:]
                jobs = [waiting.job for waiting in batch]
                durable = any(waiting.durable for waiting in batch)
                outcomes = await self.executor.run(_commit, self._own, jobs, durable)
                for waiting, outcome in zip(batch, outcomes, strict=True):
                    _tell(waiting, outcome)
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                await self._fold()
        finally:
            self._draining = False

    async def _fold(self) -> None:
        """Have the log folded into the file when much was written to it."""
        pages, _ = self._own.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)
        written = pages - self._folded_pages
        if written < _FOLD_PAGES or self._closed:  # all of it is folded in at the end
            return
        if self._log_pages + written > _MOST_PAGES:
            # A folding that is slower than the commits beside it ends first. Nobody writes
            # meanwhile: so all of the log goes, unless somebody reads for long.
            async with self._folding:
                self._folded_pages = pages
                pages, is_whole = await self.executor.run(_fold_in, self._own, "PASSIVE")
                self._log_pages = 0 if is_whole else pages
        elif not self._folding.locked():
            self._folded_pages = pages
            self._scope.spawn(self._fold_beside(), name="the log")

    async def _fold_beside(self) -> None:
        async with self._folding:
            if self._beside is None and self.path is not None:
                self._beside = _reading(self.path)
            if self._beside is not None:
                self._log_pages, _ = await self.executor.run(_fold_in, self._beside, "PASSIVE")


def _tell(waiting: _Waiting[Any], outcome: object) -> None:
    if isinstance(outcome, BaseException):
        if not waiting.future.done():
            waiting.future.set_exception(outcome)
        return
    if waiting.committed is not None:
        waiting.committed(outcome)
    if not waiting.future.done():
        waiting.future.set_result(outcome)


def _commit(
    connection: apsw.Connection, jobs: Sequence[Callable[[apsw.Connection], object]], durable: bool
) -> list[object]:
    """Run jobs in one transaction and return what each returned or raised."""
    if durable:
        return _in_one(connection, jobs)
    connection.execute("PRAGMA synchronous=NORMAL")
    try:
        return _in_one(connection, jobs)
    finally:
        connection.execute("PRAGMA synchronous=FULL")


def _in_one(
    connection: apsw.Connection, jobs: Sequence[Callable[[apsw.Connection], object]]
) -> list[object]:
    outcomes = _at_once(connection, jobs)
    if outcomes is not None:
        return outcomes
    if len(jobs) == 1:
        return [_attempt(connection, jobs[0])]
    # Savepoints cost as much as a small job, and nearly always nothing fails: only when something
    # did, all is done again with them; and when that broke the transaction for all (the disk is
    # full), each gets its own.
    for run in (_plainly, _under_savepoints):
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = run(connection, jobs)
            connection.execute("COMMIT")
        except Exception:  # noqa: BLE001  whose it is, is seen when the jobs run one by one
            _roll_back(connection)
        else:
            return outcomes
    return [_attempt(connection, job) for job in jobs]


def _at_once(
    connection: apsw.Connection, jobs: Sequence[Callable[[apsw.Connection], object]]
) -> list[object] | None:
    """Run jobs of one kind as one statement, which is a transaction of its own; or return None."""
    if len({type(job) for job in jobs}) > 1 or not hasattr(jobs[0], "at_once"):
        return None
    alike = cast("Sequence[Joint]", jobs)
    try:
        return alike[0].at_once(connection, alike)
    except Exception:  # noqa: BLE001  nothing was done: whose it is, is seen in a transaction
        return None


def _plainly(
    connection: apsw.Connection, jobs: Sequence[Callable[[apsw.Connection], object]]
) -> list[object]:
    outcomes: list[object] = []
    for kind, some in groupby(jobs, type):
        if hasattr(kind, "together"):
            alike = cast("list[Joint]", list(some))
            outcomes += alike[0].together(connection, alike)
        else:
            outcomes += [job(connection) for job in some]
    return outcomes


def _under_savepoints(
    connection: apsw.Connection, jobs: Sequence[Callable[[apsw.Connection], object]]
) -> list[object]:
    return [_under_savepoint(connection, job) for job in jobs]


def _under_savepoint(
    connection: apsw.Connection, job: Callable[[apsw.Connection], object]
) -> object:
    connection.execute("SAVEPOINT one")
    try:
        result = job(connection)
    except StoreError as error:
        connection.execute("ROLLBACK TO one; RELEASE one")
        return error
    except apsw.Error:
        raise  # the transaction may be gone
    except Exception as error:  # noqa: BLE001  it is given to whoever asked for the job
        connection.execute("ROLLBACK TO one; RELEASE one")
        return error
    connection.execute("RELEASE one")
    return result


def _attempt(connection: apsw.Connection, job: Callable[[apsw.Connection], T]) -> T | Exception:
    """Run one job in a transaction of its own and return what it returned or raised."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        result = job(connection)
        connection.execute("COMMIT")
    except apsw.Error as error:
        _roll_back(connection)
        return explained(error, connection.filename)
    except Exception as error:  # noqa: BLE001  it is given to whoever asked for the job
        _roll_back(connection)
        return error
    return result


def _roll_back(connection: apsw.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _close(connection: apsw.Connection) -> None:
    _fold_in(connection, "TRUNCATE")
    connection.close()


def _fold_in(connection: apsw.Connection, how: str) -> tuple[int, bool]:
    """Fold the log into the file; returns how many pages it holds, and whether all were folded.

    After all were, the next commit begins the log anew, unless another came meanwhile.
    """
    try:
        rows = connection.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
    except apsw.Error as error:
        # The log stays beside the file, whole, and is folded in later or at the next start.
        _LOG.warning("%s: the log was not folded in: %s", connection.filename, error)
        return 0, False
    _, pages, folded = cast("tuple[int, int, int]", rows[0])
    return pages, folded == pages


def explained(error: apsw.Error, name: str) -> StoreError:
    """Return what an error of SQLite means to a session."""
    if isinstance(error, apsw.FullError) or (
        isinstance(error, apsw.IOError) and _is_out_of_room(error)
    ):
        return DiskFullError("There is no room left on the disk of the mail server.")
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return DamagedError(damage_sentence(name))
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.PermissionsError):
        return StoreError(f"The database {name} cannot be opened for writing; look at its rights.")
    failure = StoreError(f"The mail store failed ({type(error).__name__}); try again.")
    failure.__cause__ = error
    return failure


def _is_out_of_room(error: apsw.Error) -> bool:
    text = str(error).lower()
    return any(os_error in text for os_error in ("no space", str(errno.ENOSPC), "full"))


def damage_sentence(name: str) -> str:
    """Say that a database is damaged, and how to recover."""
    return (
        f"The database {name} is damaged: stop the server, then restore a snapshot "
        f"(`localserver snapshot restore`) or move the file away and recover what is left with "
        f'`sqlite3 "{name}.damaged" .recover | sqlite3 "{name}"`.'
    )


async def open_database(
    path: Path | None, schema: Schema, executor: Executor, *, checked: bool = False
) -> Database:
    """Open a database, make it when it does not exist, and bring its schema up to date.

    Args:
        path: The file, or None for memory.
        schema: What it holds.
        executor: Runs what waits for the disk.
        checked: Look through the whole file for damage.

    Raises:
        DamagedError: It is damaged, or no database of ours.
        DiskFullError: There is no room for it.
        StoreError: It cannot be opened.
    """
    if path is None:
        connection = _opened(None, schema, checked)
        return Database(None, connection, connection, executor)
    own = await executor.run(_opened, path, schema, checked)
    return Database(path, _reading(path), own, executor)


def _reading(path: Path) -> apsw.Connection:
    read = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    read.set_busy_timeout(_BUSY_MS)
    read.execute("PRAGMA query_only=1; PRAGMA cache_size=-8000; PRAGMA mmap_size=268435456")
    functions.register(read)
    return read


def _opened(path: Path | None, schema: Schema, checked: bool) -> apsw.Connection:
    name = ":memory:" if path is None else str(path)
    try:
        connection = apsw.Connection(name, statementcachesize=200)
    except apsw.Error as error:
        raise explained(error, name) from error
    try:
        functions.register(connection)
        connection.set_busy_timeout(_BUSY_MS)
        _prepare(connection, schema, on_disk=path is not None)
        if checked and path is not None:
            _look_through(connection)
    except apsw.Error as error:
        connection.close()
        raise explained(error, name) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _is_sound(connection: apsw.Connection) -> bool:
    """Look through a database and close it."""
    try:
        return connection.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)]
    except (apsw.CorruptError, apsw.NotADBError):
        return False
    except apsw.InterruptError:
        return True  # nobody waits for the outcome any more
    finally:
        connection.close()


def _look_through(connection: apsw.Connection) -> None:
    if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise DamagedError(damage_sentence(connection.filename))
    connection.execute("PRAGMA shrink_memory").fetchall()  # the pages of a whole look through


def _prepare(connection: apsw.Connection, schema: Schema, *, on_disk: bool) -> None:
    def pragma(name: str) -> int:
        return cast("int", connection.pragma(name))

    if on_disk:
        connection.execute(f"PRAGMA page_size={PAGE_OCTETS}")
        connection.execute("PRAGMA journal_mode=WAL").fetchall()
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA journal_size_limit={_WAL_LIMIT_OCTETS}").fetchall()
    connection.execute("PRAGMA cache_size=-8000; PRAGMA temp_store=MEMORY")
    version = pragma("user_version")
    if version and pragma("application_id") != schema.application_id:
        raise DamagedError(f"{connection.filename} is no database of this server.")
    if version > len(schema.steps):
        raise DamagedError(
            f"{connection.filename} was written by a newer version of this server; upgrade it."
        )
    for done, script in enumerate(schema.steps[version:], version + 1):
        with connection:
            connection.execute(script)
            connection.execute(f"PRAGMA user_version={done}")
            connection.execute(f"PRAGMA application_id={schema.application_id}")


def _report(name: str, error: Exception) -> None:
    _LOG.error("%s failed", name, exc_info=error)
