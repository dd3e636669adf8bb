"""The store: one writer, one step in one transaction, and changes told after they are durable."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections import deque
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast

import apsw
import msgspec

from desktopmail.door.changes import (
    AccountsChanged,
    AnyChange,
    ContactsChanged,
    MailboxesChanged,
    MessagesChanged,
    OperationsChanged,
    OutboxChanged,
    ProblemsChanged,
    QuestionsChanged,
    StoreTrouble,
    TagsChanged,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.octets import OctetsLostError
from desktopmail.door.sqlite import (
    BUSY_TIMEOUT_MS,
    DAMAGE,
    Fields,
    Value,
    damaged,
    fetch,
    without_waiting,
)
from desktopmail.engine.guard import Guard
from desktopmail.engine.store import salvage, schema, words
from desktopmail.engine.store.lock import ProfileLock
from desktopmail.engine.store.segments import Segments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from desktopmail.door.ids import AccountId, MailboxId, MessageId
    from desktopmail.door.profile import Profile
    from desktopmail.engine.summary import Words
    from desktopmail.net.ports import Executor

T = TypeVar("T")
Plain = int | float | str | None  # what JSON has too
_log = logging.getLogger("desktopmail.engine")
# A change names its messages up to here; beyond, a window reads its rows again anyway.
_MAX_NAMED_MESSAGES = 500
# Words left for later are indexed when they are so many characters: some 1,500 messages, a quarter
# of a second. In smaller steps the index takes twice the time, larger ones would gain a tenth.
_WORDS_AT_ONCE = 3_000_000
# After so many messages the write-ahead log, some 10 MB, is folded back at the end.
_FOLD_AT = 2_000
# What SQLite raises where nothing can be written, for now.
_UNWRITABLE = (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.BusyError)
# Digests that are asked for at once.
_CHUNK = 10_000


class Transaction:
    """What a step of the store works with: the connection, the octets, and what it changed.

    Attributes:
        indexed: How many messages came into the word index.
        waiting: The messages that wait for other words than a step of before has left for later.
    """

    def __init__(self, connection: apsw.Connection, segments: Segments) -> None:
        self.segments = segments
        self.indexed = 0
        self.waiting: list[MessageId] = []
        self._connection = connection
        self._mailboxes: set[MailboxId] = set()
        self._accounts: set[AccountId] = set()
        self._messages: dict[MessageId, None] = {}
        self._others: dict[AnyChange, None] = {}
        self._came: dict[MailboxId, tuple[int, int, int]] = {}
        self._words: dict[MessageId, tuple[int, Words]] = {}
        self._waiting: dict[MessageId, None] = {}
        self._found_no_more: dict[MessageId, int] = {}

    def execute(self, sql: str, parameters: tuple[Value, ...] = ()) -> None:
        """Run a statement that returns nothing."""
        self._connection.execute(sql, parameters)

    def execute_many(self, sql: str, rows: Iterable[tuple[Value, ...]]) -> None:
        """Run a statement once for each row."""
        self._connection.executemany(sql, rows)

    def execute_for(self, sql: str, rows: Sequence[Plain] | Sequence[tuple[Plain, ...]]) -> None:
        """Run a statement once that takes all rows from `json_each(?)`; octets go as hex.

        Each run of a statement gives the interpreter's lock up, and waits for it while another
        thread works: where columns are few and short, to read JSON takes less time than that.
        """
        if rows:
            self.execute(sql, (msgspec.json.encode(rows).decode(),))

    def insert(self, sql: str, parameters: tuple[Value, ...] = ()) -> int:
        """Run an INSERT and return the id of the new row."""
        self._connection.execute(sql, parameters)
        return self._connection.last_insert_rowid()

    def fetch(self, sql: str, parameters: tuple[Value, ...] = ()) -> list[Fields]:
        """Return all rows."""
        return fetch(self._connection, sql, parameters)

    def fetch_gathered(self, sql: str, parameters: tuple[Value, ...] = ()) -> list[list[Any]]:
        """Return the rows that a statement gathers by `json_group_array`: see `execute_for`."""
        ((gathered,),) = self.fetch(sql, parameters)
        return cast("list[list[Any]]", msgspec.json.decode(gathered))

    def fetch_one(self, sql: str, parameters: tuple[Value, ...] = ()) -> Fields | None:
        """Return the only row, or None."""
        rows = self.fetch(sql, parameters)
        return rows[0] if rows else None

    def reserve(self, table: str) -> int:
        """Return the id that the next row of a table gets, the following ones behind it.

        Who asks inserts its rows with those ids before anything else gets one.
        """
        row = self.fetch_one("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
        return 1 + (int(row[0]) if row is not None else 0)

    def find_by(self, message_id: MessageId, words_id: int, found_by: Words) -> None:
        """Have a message found by these words, of which none is in the index yet."""
        self._words[message_id] = (words_id, found_by)

    def find_anew(self, message_id: MessageId, words_id: int, found_by: Words) -> None:
        """Have a message found by these words, and no more by those that it had."""
        self.find_no_more(message_id, words_id)
        self._words[message_id] = (words_id, found_by)

    def find_later(self, message_id: MessageId) -> None:
        """Let a message wait for its words: more of it comes, or is read, later."""
        self._waiting[message_id] = None

    def find_no_more(self, message_id: MessageId, words_id: int) -> None:
        """Let a message be found by no words."""
        self._words.pop(message_id, None)
        self._waiting.pop(message_id, None)
        self._found_no_more[message_id] = words_id

    def count_in(self, mailbox_id: MailboxId, added: int, *, unread: int, octets: int) -> None:
        """Count shown placements that were added: the totals are written with the last of them.

        What goes and changes is counted by triggers. For what comes one would cost four times the
        insertion itself: SQLite keeps, for a statement that fires any, a copy of each page it
        changes.
        """
        total, new, size = self._came.get(mailbox_id, (0, 0, 0))
        self._came[mailbox_id] = (total + added, new + unread, size + octets)

    def finish(self, *, words_later: bool = False) -> dict[MessageId, Words]:
        """Write what was gathered; the last thing before the commit.

        Returns:
            The words that were left for later, where that was asked for: their messages wait.
        """
        self.execute_many(
            "UPDATE mailbox_total SET total = total + ?, unread = unread + ?, octets = octets + ?"
            " WHERE mailbox_id = ?",
            [(*numbers, mailbox_id) for mailbox_id, numbers in self._came.items()],
        )
        self._came.clear()
        # All at once, and last: when the index was changed, it is written out before each statement
        # that follows, as a run of its own that has to be merged with all others.
        found_by, self._words = self._words, {}
        self.waiting = list(self._waiting)
        waiting = [*self.waiting, *(found_by if words_later else ())]
        words.remove(self, self._found_no_more, still=set(waiting))
        words.wait(self, waiting)
        self._waiting.clear()
        self._found_no_more.clear()
        if words_later:
            return {message_id: one for message_id, (_, one) in found_by.items()}
        words.add(self, sorted(found_by.values(), key=itemgetter(0)))
        return {}

    def missing(self) -> list[str]:
        """What the database lacks of what one of this version has."""
        return schema.missing(self._connection)

    def changed_rows(self) -> int:
        """How many rows the last statement changed."""
        return self._connection.changes()

    def touch_messages(self, mailbox_id: MailboxId, messages: Iterable[MessageId] = ()) -> None:
        """Have it told that rows of a mailbox came, went or changed."""
        self._mailboxes.add(mailbox_id)
        self._messages.update(dict.fromkeys(messages))

    def touch_mailboxes(self, account_id: AccountId) -> None:
        """Have it told that mailboxes came, went or changed their counts."""
        self._accounts.add(account_id)

    def touch_accounts(self) -> None:
        """Have it told that accounts changed."""
        self._others[AccountsChanged()] = None

    def touch_outbox(self) -> None:
        """Have it told that the outbox changed."""
        self._others[OutboxChanged()] = None

    def touch_operations(self) -> None:
        """Have it told that the journal changed."""
        self._others[OperationsChanged()] = None

    def touch_questions(self) -> None:
        """Have it told that a question was asked or answered."""
        self._others[QuestionsChanged()] = None

    def touch_problems(self) -> None:
        """Have it told that a problem came or went."""
        self._others[ProblemsChanged()] = None

    def touch_contacts(self) -> None:
        """Have it told that the address book changed."""
        self._others[ContactsChanged()] = None

    def touch_tags(self) -> None:
        """Have it told that a tag came, went or changed its looks."""
        self._others[TagsChanged()] = None

    def tell(self, change: AnyChange) -> None:
        """Have this change told."""
        self._others[change] = None

    @property
    def mailboxes(self) -> set[MailboxId]:
        """The mailboxes in which rows came, went or changed."""
        return self._mailboxes

    def changes(self) -> list[AnyChange]:
        """What happened, as ids, each thing once."""
        changes: list[AnyChange] = []
        if self._mailboxes:
            named = tuple(self._messages) if len(self._messages) <= _MAX_NAMED_MESSAGES else ()
            changes.append(
                MessagesChanged(mailbox_ids=tuple(sorted(self._mailboxes)), message_ids=named)
            )
        changes += [MailboxesChanged(account_id=account_id) for account_id in self._accounts]
        return changes + list(self._others)


class Store:
    """The store of a profile, locked for this process.

    Args:
        executor: Where the steps run: it must run them one after the other (one thread, or
            inline), also when who asked for one did not wait for its end.

    Attributes:
        salvaged: What became of a damaged database, where that was asked for before.
        trouble: What keeps it from being written now, as it was told.

    Raises:
        DoorError: The profile is in use, cannot be written, or is of a newer version.
    """

    def __init__(
        self, profile: Profile, executor: Executor, *, segments: Segments | None = None
    ) -> None:
        self.profile = profile
        self._lock = ProfileLock(profile)
        self._executor = executor
        self._untold: deque[AnyChange] = deque()
        self._words: dict[MessageId, Words] = {}
        self._words_characters = 0
        self._words_failed: DoorError | None = None
        self._unfolded = 0
        self._words_mailboxes: set[MailboxId] = set()
        self._listeners: list[Callable[[AnyChange], None]] = []
        self.trouble = StoreTrouble()
        self._trouble_found = self.trouble
        try:
            self.guard = Guard(profile)
            self.salvaged = salvage.rebuild(profile) if salvage.is_due(profile) else None
            self._connection = _open(profile)
            # Later ones are never in earlier segments.
            rows = fetch(
                self._connection, "SELECT segment, position FROM blob ORDER BY id DESC LIMIT 1"
            )
            number, position = rows[0] if rows else (0, 0)
            self._segments = segments or Segments(profile, named=number)
            self._sweep_behind(position if number == self._segments.number else 0)
        except BaseException as error:
            self._lock.release()
            explained = _explained(profile, error)
            if explained is None:
                raise
            raise explained from error

    async def write(self, step: Callable[[Transaction], T], *, words_later: bool = False) -> T:
        """Run one step in one transaction; when this returns, it is durable and told.

        Args:
            step: What to do.
            words_later: The words of messages that it adds are left for a larger step: whoever
                leaves some calls `index_words` at the end. Where the larger step comes meanwhile
                and fails, this one is durable all the same: `index_words` says so.

        Raises:
            DoorError: The disk is full or failed; the step left nothing behind.
        """
        return await self._run_and_tell(lambda: self._run(step, words_later))

    async def index_words(self) -> None:
        """Index the words that were left for later; when this returns, they are found.

        Raises:
            DoorError: The disk is full or failed; the messages wait on.
        """
        await self._run_and_tell(self._index_rest)

    async def _run_and_tell(self, step: Callable[[], T]) -> T:
        """Run a step in its turn, and tell what it changed."""
        loop = asyncio.get_running_loop()
        is_left = False

        def run() -> T:
            try:
                return step()
            finally:
                if is_left:
                    loop.call_soon_threadsafe(self._tell_untold)

        try:
            return await self._executor.run(run)
        except asyncio.CancelledError:
            is_left = True  # who asked has gone; the step goes on, and the others hear of it
            raise
        finally:
            self._tell_untold()

    async def read(self, step: Callable[[Transaction], T]) -> T:
        """Run a step that changes nothing, in turn with the writes."""
        return await self._executor.run(self._look, step)

    async def maintain(self, step: Callable[[Transaction], T]) -> T:
        """Run a step outside of a transaction, in turn with the writes: it shrinks files.

        Raises:
            DoorError: The disk is full or failed.
        """
        return await self._run_and_tell(lambda: self._maintain(step))

    def _tell_untold(self) -> None:
        while self._untold:
            self.tell(self._untold.popleft())
        if self.trouble != self._trouble_found:
            self.trouble = self._trouble_found
            self.tell(self.trouble)

    def _unwritable(self, error: apsw.Error) -> DoorError:
        """What is said where nothing can be written; it is trouble until something is written."""
        said = unwritable(self.profile, error)
        self._trouble_found = StoreTrouble(what=said.sentence, remedy=said.remedy)
        return said

    def _maintain(self, step: Callable[[Transaction], T]) -> T:
        try:
            return self._look(step)
        except _UNWRITABLE as error:
            raise self._unwritable(error) from error

    async def let_caches_go(self) -> None:
        """Free the pages that are kept in case they are asked for again."""
        await self._executor.run(self._let_caches_go)

    def _let_caches_go(self) -> None:
        self._connection.execute("PRAGMA shrink_memory")
        self._segments.let_cache_go()

    def tell(self, change: AnyChange) -> None:
        """Tell a change to everybody who listens."""
        for listener in list(self._listeners):
            listener(change)

    def listen(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        """Have changes told from now on; returns the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def aclose(self) -> None:
        """Close everything after the last step, and let the profile go."""
        await self._executor.run(self._close)

    def _close(self) -> None:
        try:
            self._index_words()
            self._connection.execute("PRAGMA optimize")
        except DAMAGE as error:
            _log.error("the store is damaged, and closed as it is: %s", error)
        except (*_UNWRITABLE, DoorError) as error:  # what waits for its words is found later
            _log.warning("the store is closed as it is: %s", error)
        finally:
            self._connection.close()
            self._segments.close()
            self.guard.close()
            self._lock.release()

    def _run(self, step: Callable[[Transaction], T], words_later: bool = False) -> T:
        transaction = Transaction(self._connection, self._segments)
        before = self._connection.total_changes()
        later: dict[MessageId, Words] = {}
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = step(transaction)
                later = transaction.finish(words_later=words_later)
                self._connection.execute("COMMIT")
            except BaseException:
                self._segments.end_step(is_durable=False)
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._segments.end_step(is_durable=True)
            if self._connection.total_changes() != before:
                self._trouble_found = StoreTrouble()
        except _UNWRITABLE as error:
            raise self._unwritable(error) from error
        except (*DAMAGE, OctetsLostError) as error:
            raise damaged(self.profile, error) from error
        self._untold.extend(transaction.changes())
        self._unfolded += transaction.indexed
        for message_id in transaction.waiting:  # other words come: those of before are not all
            self._words.pop(message_id, None)
        if later:
            self._words.update(later)
            self._words_mailboxes.update(transaction.mailboxes)
            self._words_characters += sum(one.characters for one in later.values())
            if self._words_characters >= _WORDS_AT_ONCE:
                self._index_words_between()
        return result

    def _index_words_between(self) -> None:
        """Index words behind a step that is durable: it does not fail where this does."""
        try:
            self._index_words()
        except DoorError as error:  # told by `index_words`
            self._words_failed = error

    def _index_rest(self) -> None:
        self._index_words()
        failed, self._words_failed = self._words_failed, None
        if failed is not None:
            raise failed
        if self._unfolded < _FOLD_AT:
            return
        self._unfolded = 0
        try:
            _fold(self._connection)
        except _UNWRITABLE as error:
            raise self._unwritable(error) from error

    def _index_words(self) -> None:
        if not self._words:
            return
        rows, self._words, self._words_characters = self._words, {}, 0
        told, self._words_mailboxes = self._words_mailboxes, set()

        def step(tx: Transaction) -> None:
            words.add_waiting(tx, rows)
            for mailbox_id in told:  # a list of hits may be in view
                tx.touch_messages(mailbox_id)

        self._run(step)

    def _look(self, step: Callable[[Transaction], T]) -> T:
        try:
            return step(Transaction(self._connection, self._segments))
        except (*DAMAGE, OctetsLostError) as error:
            raise damaged(self.profile, error) from error

    def _sweep_behind(self, position: int) -> None:
        """Sweep the end of the newest segment: only there can a crash have left octets unnamed.

        A database put together anew names some of them later than others that stand behind.
        """
        written = self._segments.behind(position)
        named: set[int] = set()
        for start in range(0, len(written), _CHUNK):
            digests = [digest.hex() for _, digest in written[start : start + _CHUNK]]
            named.update(
                row[0]
                for row in fetch(
                    self._connection,
                    "SELECT b.position FROM json_each(?) AS name"
                    " CROSS JOIN blob AS b ON b.sha256 = unhex(name.value) WHERE b.segment = ?",
                    (msgspec.json.encode(digests).decode(), self._segments.number),
                )
            )
        self._segments.forget(place for place, _ in written if place not in named)


def unwritable(profile: Profile, error: apsw.Error | OSError) -> DoorError:
    """Say what keeps the store from being written, and what to do."""
    if isinstance(error, apsw.FullError) or (
        isinstance(error, OSError) and error.errno == errno.ENOSPC
    ):
        return DoorError(
            f"The disk is full: nothing more can be stored in {profile.folder}.",
            remedy="Make room and try again; nothing was lost.",
            code="disk-full",
        )
    if isinstance(error, apsw.BusyError):
        return DoorError(
            f"Another program holds a file in {profile.folder}: nothing can be stored there.",
            remedy="Close it and try again; nothing was lost.",
            code="profile-held",
        )
    return DoorError(
        f"The store in {profile.folder} cannot be written: {error}.",
        remedy="Look at the disk and at the permissions of that folder.",
        code="profile-unwritable",
    )


def _explained(profile: Profile, error: BaseException) -> DoorError | None:
    """What an error at the opening of the store means to a person; None: it is a fault of ours."""
    if isinstance(error, schema.NewerStoreError):
        return DoorError(
            str(error), remedy="Install the newer desktopmail again.", code="newer-store"
        )
    if isinstance(error, DAMAGE):
        return damaged(profile, error)
    if isinstance(error, (*_UNWRITABLE, apsw.CantOpenError, OSError)):
        return unwritable(profile, error)
    return None


def _fold(connection: apsw.Connection) -> None:
    """Fold the write-ahead log back into the database, unless somebody reads it just now."""
    with without_waiting(connection):
        fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")


def _open(profile: Profile) -> apsw.Connection:
    connection = apsw.Connection(str(profile.database))
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    # Else SQLite prepares many a statement anew for each value that is bound to it, to see whether
    # another plan would be better: that took a third of the time of storing a message.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    fetch(connection, "PRAGMA journal_mode = WAL")
    connection.execute(
        "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8000;"
        "PRAGMA journal_size_limit = 8388608; PRAGMA temp_store = MEMORY;"
        "PRAGMA recursive_triggers = ON"
    )
    schema.upgrade(connection)
    return connection
