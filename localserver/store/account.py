"""All mailboxes of one user: what IMAP needs of the store, over one database."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

import apsw

from localserver.store import content, names, thread, tree
from localserver.store.append import Append, Appended, Arriving, Next
from localserver.store.backlog import Backlog
from localserver.store.content import is_large
from localserver.store.copy import Copied, copy
from localserver.store.database import explained
from localserver.store.errors import NoSuchMailboxError, StoreError
from localserver.store.expunge import Expunged, expunge
from localserver.store.flags import (
    Change,
    Changed,
    FlagTable,
    change_flags,
    forget_keywords,
    load_keywords,
    unused_keywords,
)
from localserver.store.interface import Arrival, Delivered
from localserver.store.summary import header_size, pop_size

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from desktopmail.net.ports import Clock
    from localserver.changes import Changes
    from localserver.store.database import Database
    from localserver.store.interface import StoreLimits
    from localserver.store.look import Look
    from localserver.store.mailbox import Mailbox

T = TypeVar("T")


class Message(NamedTuple):
    """A message a client appends.

    Attributes:
        octets: Exactly as it is kept.
        flags: Flags and keywords.
        internal_date: Aware, its zone is kept; None means now.
        sender: Envelope sender of a delivery.
        recipient: Envelope recipient of a delivery.
        is_crlf: Each CR and LF in it is known to be part of a CRLF.
    """

    octets: bytes
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None
    sender: str | None = None
    recipient: str | None = None
    is_crlf: bool = False


class Told(Protocol):
    """Hears of arrivals."""

    def __call__(self, arrival: Arrival) -> None:
        """Take one."""


class Account:
    """The mailboxes of one user.

    Attributes:
        user: The name of the user.
        limits: What the user may fill.
        flags: The user's keywords.
    """

    def __init__(
        self,
        user: str,
        database: Database,
        limits: StoreLimits,
        clock: Clock,
        told: Told,
        is_full: Callable[[], bool],
        own_quota: Callable[[], int | None],
        changes: Changes,
    ) -> None:
        self.user = user
        self.limits = limits
        self._database = database
        self._clock = clock
        self._told = told
        self._is_full = is_full
        self._own_quota = own_quota
        self._changes = changes
        self.flags = FlagTable(load_keywords(database.read))
        self._mailboxes = {mailbox.name: mailbox for mailbox in tree.load_mailboxes(database.read)}
        self._by_number = {mailbox.number: mailbox for mailbox in self._mailboxes.values()}
        self._subscriptions = tree.load_subscriptions(database.read)
        self._maildrop_locked = False
        self._backlog = Backlog(database)
        self._next = Next()

    async def aclose(self) -> None:
        """Finish what is being written and close the database."""
        await self._backlog.aclose()
        fresh = [(m.recent_from, m.number) for m in self._mailboxes.values()]
        with contextlib.suppress(StoreError):  # \\Recent is a courtesy: a full disk may lose it
            await self._write(lambda connection: tree.save_recent(connection, fresh))
        await self._database.aclose()

    async def look_through(self) -> None:
        """Look for damage in the database.

        Raises:
            DamagedError: There is some; from now on nothing is written.
        """
        await self._database.look_through()

    # ---- mailboxes

    def mailboxes(self) -> list[Mailbox]:
        """Every mailbox, by name."""
        return [self._mailboxes[name] for name in sorted(self._mailboxes)]

    def mailbox(self, name: str) -> Mailbox:
        """Return the mailbox of that name.

        Raises:
            NoSuchMailboxError: There is none.
        """
        mailbox = self._mailboxes.get(names.canonical(name))
        if mailbox is None:
            raise NoSuchMailboxError("There is no mailbox of that name.")
        return mailbox

    def has_mailbox(self, name: str) -> bool:
        """Whether there is a mailbox of that name."""
        return names.canonical(name) in self._mailboxes

    async def create(self, name: str, special_use: str = "") -> Mailbox:
        """Make a mailbox, and those above it that are missing.

        Raises:
            MailboxExistsError: It exists.
            InvalidNameError: The name cannot be one.
            LimitError: There are too many.
        """
        now = int(self._clock.now().timestamp())
        checked = names.check(name, self.limits)

        def job(connection: apsw.Connection) -> list[Mailbox]:
            return tree.create(connection, checked, special_use, now, self.limits.mailboxes)

        made = await self._write(job, self._created)
        return made[-1]

    async def delete(self, name: str) -> None:
        """Delete a mailbox and its messages; the mailboxes below it stay.

        Raises:
            NoSuchMailboxError: There is none.
            CannotError: It is the INBOX.
        """
        mailbox = self.mailbox(name)

        def committed(_: None) -> None:
            self._mailboxes.pop(mailbox.name, None)
            self._by_number.pop(mailbox.number, None)
            mailbox.exists = False
            if mailbox.uids is not None:
                mailbox.load([])
            self._announce(mailbox)

        await self._write(lambda connection: tree.delete(connection, mailbox), committed)

    async def rename(self, name: str, new: str) -> None:
        """Rename a mailbox and all below it; INBOX moves its messages instead (RFC 9051 6.3.6).

        Raises:
            NoSuchMailboxError: There is no such mailbox.
            MailboxExistsError: The new name is taken.
            InvalidNameError: The new name cannot be one.
        """
        mailbox = self.mailbox(name)
        checked = names.check(new, self.limits)
        if mailbox.name == names.INBOX:
            target = await self.create(checked)
            await self.copy(mailbox, self.all_uids(mailbox), target, move=True)
            return
        now = int(self._clock.now().timestamp())

        def job(connection: apsw.Connection) -> tree.Renamed:
            return tree.rename(connection, mailbox.name, checked, now, self.limits)

        def committed(renamed: tree.Renamed) -> None:
            self._created(renamed.made)
            for number, fresh in renamed.names.items():
                moved = self._by_number[number]
                self._mailboxes.pop(moved.name, None)
                moved.name = fresh
            for number in renamed.names:
                renamed_one = self._by_number[number]
                self._mailboxes[renamed_one.name] = renamed_one
                self._changes.tell("mailbox", user=self.user, mailbox=renamed_one.name)

        await self._write(job, committed)

    def _created(self, made: list[Mailbox]) -> None:
        for mailbox in made:
            for other in self._mailboxes.values() if mailbox.special_use else ():
                if other.special_use == mailbox.special_use:
                    other.special_use = ""
            self._mailboxes[mailbox.name] = mailbox
            self._by_number[mailbox.number] = mailbox
            self._changes.tell("mailbox", user=self.user, mailbox=mailbox.name)

    # ---- subscriptions

    def subscriptions(self) -> set[str]:
        """Every subscribed name; some may have no mailbox any more."""
        return set(self._subscriptions)

    async def subscribe(self, name: str, *, on: bool = True) -> None:
        """Subscribe to a name, or with `on=False` no longer.

        Raises:
            NoSuchMailboxError: There is no mailbox of that name to subscribe to.
        """
        canonical = names.canonical(name)
        if on:
            self.mailbox(canonical)

        def committed(_: None) -> None:
            if on:
                self._subscriptions.add(canonical)
            else:
                self._subscriptions.discard(canonical)

        await self._write(lambda c: tree.subscribe(c, canonical, on), committed)

    # ---- messages

    def open(self, mailbox: Mailbox, told: Callable[[], None]) -> None:
        """Have `told` called after each change of a mailbox, and its UIDs at hand."""
        mailbox.subscribe(told)
        if mailbox.uids is None:
            mailbox.load(self.all_uids(mailbox))
            # There may be some whose commit is told to the loop in a moment.
            self._backlog.look()

    def all_uids(self, mailbox: Mailbox) -> list[int]:
        """Return every UID of a mailbox, ascending."""
        rows = self.query("SELECT uid FROM entry WHERE mailbox=? ORDER BY uid", mailbox.number)
        return [row[0] for row in rows]

    async def append(self, mailbox: Mailbox, messages: Sequence[Message]) -> list[Delivered]:
        """Store messages in a mailbox, all or none; durable when it returns.

        Raises:
            OverQuotaError: The quota would be passed.
            DiskFullError: There is no room.
            NoSuchMailboxError: The mailbox was deleted meanwhile.
        """
        now = int(self._clock.now().timestamp())
        arriving = await self._arriving(messages, now)

        delivered: list[Delivered] = []

        def committed(appended: Appended) -> None:
            delivered.extend(self._appended(mailbox, appended, messages))

        job = Append(mailbox.number, arriving, self.quota_octets, self._next)
        await self._write(job, committed)
        return delivered

    async def _arriving(self, messages: Sequence[Message], now: int) -> list[Arriving]:
        """Look through what arrives; in a thread where it is large and may have bare CR or LF."""
        sizes = [len(message.octets) for message in messages if not message.is_crlf]
        if is_large(sum(sizes)):
            return await self._database.executor.run(_all_arriving, messages, now)
        return _all_arriving(messages, now)

    def _appended(
        self, mailbox: Mailbox, appended: Appended, messages: Sequence[Message]
    ) -> list[Delivered]:
        if appended.keywords is not None:
            self.flags.update(appended.keywords)
        mailbox.unseen += appended.unseen
        mailbox.deleted += appended.deleted
        mailbox.octets += appended.octets
        mailbox.appended(appended.uids, appended.modseq)
        self._backlog.grew(appended.messages[-1])
        self._announce(mailbox)
        delivered = _delivered(self.user, mailbox, appended)
        for message, one in zip(messages, delivered, strict=True):
            self._told(Arrival(one, message.sender, message.recipient))
        return delivered

    async def change_flags(self, mailbox: Mailbox, change: Change) -> Changed:
        """Change flags; durable when it returns.

        Raises:
            CannotError: A flag cannot be stored.
            LimitError: There are too many keywords.
        """

        def committed(changed: Changed) -> None:
            self.flags.update(changed.keywords)
            mailbox.unseen, mailbox.deleted = changed.totals
            if changed.changed:
                mailbox.flags_changed(changed.changed, changed.modseq)
                self._announce(mailbox)

        return await self._write(lambda c: change_flags(c, mailbox.number, change), committed)

    async def expunge(
        self, mailbox: Mailbox, uids: Sequence[int] | None = None, *, only_deleted: bool = True
    ) -> Expunged:
        r"""Remove messages (None: all) that are \Deleted, or with `only_deleted=False` any."""

        def job(connection: apsw.Connection) -> Expunged:
            return expunge(connection, mailbox.number, uids, only_deleted=only_deleted)

        def committed(expunged: Expunged) -> None:
            self._expunged(mailbox, expunged)

        return await self._write(job, committed)

    def _expunged(self, mailbox: Mailbox, expunged: Expunged) -> None:
        if expunged.uids:
            mailbox.unseen -= expunged.unseen
            mailbox.deleted -= expunged.deleted
            mailbox.octets -= expunged.octets
            mailbox.expunged(expunged.uids, expunged.modseq)
            self._announce(mailbox)

    async def copy(
        self, source: Mailbox, uids: Sequence[int], target: Mailbox, *, move: bool = False
    ) -> Copied:
        """Copy or move messages, all or none; durable when it returns.

        Raises:
            OverQuotaError: The quota would be passed.
            NoSuchMailboxError: The target was deleted meanwhile.
        """
        now = int(self._clock.now().timestamp())
        quota = self.quota_octets

        def job(connection: apsw.Connection) -> Copied:
            return copy(
                connection, source.number, uids, target.number,
                saved=now, quota_octets=quota, move=move,
            )  # fmt: skip

        def committed(copied: Copied) -> None:
            if copied.target:
                target.unseen += copied.unseen
                target.deleted += copied.deleted
                target.octets += copied.octets
                target.appended(copied.target, copied.modseq)
            if copied.expunged is not None:
                self._expunged(source, copied.expunged)
            if copied.target:
                self._announce(target)

        return await self._write(job, committed)

    async def new_uidvalidity(self, mailbox: Mailbox) -> None:
        """Give a mailbox another UIDVALIDITY and its messages other UIDs, as after a disaster."""
        now = int(self._clock.now().timestamp())

        def committed(state: tuple[int, int, int]) -> None:
            mailbox.uidvalidity, mailbox.uidnext, mailbox.modseq = state
            if mailbox.uids is not None:
                mailbox.load(self.all_uids(mailbox))
            self._announce(mailbox)

        await self._write(lambda c: tree.new_uidvalidity(c, mailbox.number, now), committed)

    def _announce(self, mailbox: Mailbox) -> None:
        mailbox.announce()
        self._changes.tell("mailbox", user=self.user, mailbox=mailbox.name)

    # ---- reading

    def query(self, sql: str, *bindings: object) -> list[tuple[Any, ...]]:
        """Run a SELECT and return all its rows: no cursor outlives this.

        Raises:
            DamagedError: The database is damaged.
        """
        try:
            return self._database.read.execute(sql, cast("Any", bindings)).fetchall()
        except apsw.Error as error:
            raise explained(error, self._database.read.filename) from error

    async def summarise(self) -> None:
        """Give every message that is there now its rows in the tables `answer` and `finding`.

        Raises:
            StoreError: They could not be stored.
        """
        await self._backlog.clear()

    @property
    def is_summarised(self) -> bool:
        """Whether every message has those rows."""
        return self._backlog.is_clear

    async def thread(self) -> None:
        """Give every message that is there now its thread, in the table of that name.

        Raises:
            StoreError: It could not be stored.
        """
        await self.summarise()
        while not thread.is_complete(self._database.read):
            await self._write(thread.extend)
            await asyncio.sleep(0)  # a database in memory does it at once

    def look(self, look: Look) -> list[tuple[Any, ...]]:
        """Look for messages at once, where nothing is looked for in contents.

        Raises:
            DamagedError: The database is damaged.
        """
        try:
            return look.at_once(self._database.read)
        except apsw.Error as error:
            raise explained(error, self._database.read.filename) from error

    async def look_in_turns(
        self, look: Look, meanwhile: Callable[[], Awaitable[None]]
    ) -> list[tuple[Any, ...]]:
        """Look for messages in a large mailbox, or in contents; see `Database.in_turns`.

        Raises:
            DamagedError: The database is damaged.
        """
        return await self._database.in_turns(look.steps, meanwhile)

    def octets(self, message: int) -> bytes | None:
        """Return the octets of a message (its EMAILID's number), None when it is gone."""
        rows = self.query("SELECT header, body FROM content WHERE message=?", message)
        return rows[0][0] + rows[0][1] if rows else None

    async def octets_in_turns(self, message: int) -> bytes | None:
        """Return the octets of a large message piece by piece; see `Database.in_turns`.

        Raises:
            DamagedError: The database is damaged.
        """
        return await self._database.in_turns(lambda at: content.octets_of(at, message), _go_on)

    def used(self) -> tuple[int, int]:
        """Return the octets and the count of all messages of the user."""
        rows = self.query("SELECT key, value FROM meta WHERE key IN ('octets', 'messages')")
        found = dict(rows)
        return found["octets"], found["messages"]

    @property
    def quota_octets(self) -> int | None:
        """What the user may store; 0 when a fault plan says that all of it is used."""
        if self._is_full():
            return 0
        own = self._own_quota()
        return self.limits.quota_octets if own is None else own

    @property
    def has_room_for_keywords(self) -> bool:
        """Whether a further keyword can be stored."""
        return self.flags.has_room or bool(unused_keywords(self._database.read))

    async def forget_keywords(self) -> None:
        """Forget the keywords that no message has."""
        await self._write(forget_keywords, self.flags.update)

    # ---- POP3

    def lock(self) -> bool:
        """Lock the INBOX for one POP3 session; False when another has it."""
        if self._maildrop_locked:
            return False
        self._maildrop_locked = True
        return True

    def unlock(self) -> None:
        """Give the lock back."""
        self._maildrop_locked = False

    async def _write(
        self,
        job: Callable[[apsw.Connection], T],
        committed: Callable[[T], None] | None = None,
    ) -> T:
        return await self._database.write(job, committed)


async def _go_on() -> None:
    """Who waits for octets has nothing to do meanwhile."""


def _all_arriving(messages: Sequence[Message], now: int) -> list[Arriving]:
    return [_arriving(message, now) for message in messages]


def _arriving(message: Message, now: int) -> Arriving:
    octets, flags, moment, sender, recipient, is_crlf = message
    arrived, zone = now, 0
    if moment is not None:
        offset = moment.utcoffset()
        arrived = int(moment.timestamp())
        zone = 0 if offset is None else int(offset.total_seconds()) // 60
    size = pop_size(octets, is_crlf=is_crlf)
    return Arriving(octets, header_size(octets), size, flags, arrived, zone, now, sender, recipient)


def _delivered(user: str, mailbox: Mailbox, appended: Appended) -> list[Delivered]:
    return [
        Delivered(user, mailbox.name, mailbox.uidvalidity, uid, f"M{number:x}")
        for uid, number in zip(appended.uids, appended.messages, strict=True)
    ]
