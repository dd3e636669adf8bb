"""The store over SQLite: a database for each user, opened when it is first asked for."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
from typing import TYPE_CHECKING

from localserver.changes import Changes
from localserver.store import names
from localserver.store.account import Account, Message
from localserver.store.captured import CapturedMail
from localserver.store.database import open_database
from localserver.store.errors import (
    DamagedError,
    InUseError,
    MailboxExistsError,
    NoSuchUserError,
)
from localserver.store.maildrop import AccountMaildrop
from localserver.store.schema import CAPTURED, MAIL
from localserver.store.tree import create

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import apsw

    from desktopmail.net.ports import Ports
    from localserver.store.database import Database
    from localserver.store.interface import (
        Arrival,
        Captured,
        Delivered,
        Delivery,
        Maildrop,
        StoreLimits,
    )

_USERS = "users"
_FILE = "mail.db"
_UNSAFE = re.compile(r"[^a-z0-9._-]")
_MADE_SAFE = re.compile(rb"%([0-9a-f]{2})")
# Damage is looked for at start in files up to this size, so that a start stays quick; larger ones
# are looked through while the server runs already.
CHECKED_AT_START_OCTETS = 32 * 1024 * 1024


class SqliteStore:
    """All mail, in a folder or in memory; made by `open_store`."""

    def __init__(
        self,
        folder: Path | None,
        ports: Ports,
        limits: StoreLimits,
        captured: CapturedMail,
        known: Callable[[str], bool],
        quota_of: Callable[[str], int | None],
        changes: Changes,
    ) -> None:
        self._folder = folder
        self._ports = ports
        self._limits = limits
        self._captured = captured
        self._known = known
        self._quota_of = quota_of
        self._changes = changes
        self._accounts: dict[str, Account] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._arrival_told: list[Callable[[Arrival], None]] = []
        self._full: set[str] = set()
        self._unchecked: set[str] = set()

    # ---- the interface

    async def deliver(self, deliveries: Sequence[Delivery]) -> list[Delivered]:
        """Store messages; see `interface.Store.deliver`."""
        if len(deliveries) == 1:
            return await self._deliver(deliveries)
        groups: dict[tuple[str, str], list[int]] = {}
        for index, delivery in enumerate(deliveries):
            groups.setdefault((delivery.user, delivery.mailbox), []).append(index)
        outcomes = await asyncio.gather(
            *(self._deliver([deliveries[index] for index in each]) for each in groups.values()),
            return_exceptions=True,
        )
        results: dict[int, Delivered] = {}
        for indexes, outcome in zip(groups.values(), outcomes, strict=True):
            if isinstance(outcome, BaseException):
                raise outcome
            results.update(zip(indexes, outcome, strict=True))
        return [results[index] for index in range(len(deliveries))]

    async def _deliver(self, deliveries: Sequence[Delivery]) -> list[Delivered]:
        """Store messages for one mailbox."""
        user, mailbox = deliveries[0].user, deliveries[0].mailbox
        account = self._accounts.get(user) or await self.account(user)
        if not account.has_mailbox(mailbox):
            # Another session may make it at the same time.
            with contextlib.suppress(MailboxExistsError):
                await account.create(mailbox)
        messages = [_message(delivery) for delivery in deliveries]
        return await account.append(account.mailbox(mailbox), messages)

    async def account(self, user: str) -> Account:
        """Open the mailboxes of a user.

        Raises:
            NoSuchUserError: There is no such user.
            DamagedError: The database is damaged.
        """
        account = self._accounts.get(user)
        if account is not None:
            return account
        if not self._known(user):
            raise NoSuchUserError(f"There is no user {user}.")
        async with self._opening.setdefault(user, asyncio.Lock()):
            if user not in self._accounts:
                self._accounts[user] = await self._open(user)
        return self._accounts[user]

    async def lock_maildrop(self, user: str) -> Maildrop:
        """Lock a user's INBOX for POP3.

        Raises:
            InUseError: Another POP3 session holds it.
        """
        account = await self.account(user)
        if not account.lock():
            raise InUseError("The maildrop is open in another session.")
        try:
            return AccountMaildrop(account)
        except BaseException:
            account.unlock()
            raise

    async def capture(self, sender: str, recipients: Sequence[str], octets: bytes) -> Captured:
        """Keep a message for elsewhere."""
        return await self._captured.add(sender, recipients, octets, self._ports.clock.now())

    def captured(self) -> list[Captured]:
        """Every captured message, oldest first."""
        return self._captured.all()

    def on_arrival(self, told: Callable[[Arrival], None]) -> Callable[[], None]:
        """Call `told` after each delivery or append."""
        self._arrival_told.append(told)
        return lambda: self._arrival_told.remove(told)

    # ---- what the server itself needs

    async def check(self, users: Sequence[str]) -> None:
        """Open the databases of these users that exist, looking for damage.

        Raises:
            DamagedError: One is damaged; the sentence says how to recover.
        """
        for user in users:
            path = self._path(user)
            if path is not None and path.exists():
                await self.account(user)

    async def look_through(self, report: Callable[[DamagedError], None]) -> None:
        """Look for damage in the databases that were too large for it at the start, one by one.

        Args:
            report: Told of each damaged one, which is only read from then on.
        """
        while self._unchecked:
            account = self._accounts.get(self._unchecked.pop())
            if account is None:
                continue
            try:
                await account.look_through()
            except DamagedError as error:
                report(error)

    def has_mail(self, user: str) -> bool:
        """Whether a user has a database, in whatever folder the name leads to."""
        path = self._path(user)
        return user in self._accounts or (path is not None and path.exists())

    async def forget(self, user: str) -> None:
        """Close the database of a user who was removed."""
        account = self._accounts.pop(user, None)
        if account is not None:
            await account.aclose()

    async def forget_strangers(self) -> None:
        """Remove the mail of everybody who is no user."""
        for account in self.open_accounts():
            if not self._known(account.user):
                await self.forget(account.user)
        users = None if self._folder is None else self._folder / _USERS
        if users is None or not users.is_dir():
            return
        for path in users.iterdir():
            if (path / _FILE).exists() and not self._known(user_of(path.name)):
                await self._ports.executor.run(shutil.rmtree, path)

    def set_full(self, user: str, full: bool) -> None:
        """Let a user's quota be used up, whatever it is, or no longer; "" is every user's."""
        if full:
            self._full.add(user)
        else:
            self._full.discard(user)
        self._changes.tell("user", name=user)

    def empty_full(self) -> None:
        """Let every quota be what it is again."""
        for user in tuple(self._full):
            self.set_full(user, full=False)

    def is_full(self, user: str) -> bool:
        """Whether a user's quota counts as used up."""
        return bool(self._full) and (user in self._full or "" in self._full)

    @property
    def captured_mail(self) -> CapturedMail:
        """The captured mail, to look into and to forget."""
        return self._captured

    def open_accounts(self) -> list[Account]:
        """The accounts that are open now."""
        return list(self._accounts.values())

    async def aclose(self) -> None:
        """Finish what is being written and close every database."""
        for account in list(self._accounts.values()):
            await account.aclose()
        self._accounts.clear()
        await self._captured.aclose()

    def _path(self, user: str) -> Path | None:
        return None if self._folder is None else self._folder / _USERS / folder_name(user) / _FILE

    async def _open(self, user: str) -> Account:
        path = self._path(user)
        checked = False
        if path is not None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            size = path.stat().st_size if path.exists() else 0
            checked = 0 < size <= CHECKED_AT_START_OCTETS
            if size > CHECKED_AT_START_OCTETS:
                self._unchecked.add(user)
        database = await open_database(path, MAIL, self._ports.executor, checked=checked)
        try:
            await self._furnish(database)
            return Account(
                user, database, self._limits, self._ports.clock, self._arrived,
                lambda: self.is_full(user), lambda: self._quota_of(user), self._changes,
            )  # fmt: skip
        except BaseException:
            await database.aclose()
            raise

    async def _furnish(self, database: Database) -> None:
        """Give a new user an INBOX and the special mailboxes, subscribed."""
        if database.read.execute("SELECT 1 FROM mailbox LIMIT 1").fetchall():
            return
        now = int(self._ports.clock.now().timestamp())
        wanted = {names.INBOX: "", **self._limits.special_use}

        def job(connection: apsw.Connection) -> None:
            for name, use in wanted.items():
                create(connection, name, use, now, self._limits.mailboxes)
                connection.execute("INSERT INTO subscription VALUES (?)", (name,))

        await database.write(job)

    def _arrived(self, arrival: Arrival) -> None:
        for told in tuple(self._arrival_told):
            told(arrival)


def _message(delivery: Delivery) -> Message:
    return Message(
        delivery.octets,
        delivery.flags,
        delivery.internal_date,
        delivery.sender,
        delivery.recipient,
        delivery.is_crlf,
    )


def folder_name(user: str) -> str:
    """Return the name of a user's folder: the user's, other characters as `%` and hex digits."""
    if user in {"", ".", ".."}:
        raise NoSuchUserError(f"There is no user {user!r}.")
    return _UNSAFE.sub(lambda found: "".join(f"%{octet:02x}" for octet in found[0].encode()), user)


def user_of(folder: str) -> str:
    """Return the user whose folder has that name."""
    octets = _MADE_SAFE.sub(lambda found: bytes([int(found[1], 16)]), folder.encode())
    return octets.decode("utf-8", "replace")


async def open_store(
    folder: Path | None,
    ports: Ports,
    *,
    limits: StoreLimits,
    known: Callable[[str], bool],
    quota_of: Callable[[str], int | None] = lambda _: None,
    changes: Changes | None = None,
) -> SqliteStore:
    """Open the store.

    Args:
        folder: The server's folder, or None for memory.
        ports: Clock and executor.
        limits: What a user may fill.
        known: Whether there is a user of that name.
        quota_of: A user's own limit, or None for that of `limits`.
        changes: Is told of changed mailboxes and captured mail.

    Raises:
        DamagedError: The database of the captured mail is damaged.
    """
    path = None if folder is None else folder / "captured.db"
    database = await open_database(path, CAPTURED, ports.executor)
    hub = Changes() if changes is None else changes
    captured = CapturedMail(database, hub)
    return SqliteStore(folder, ports, limits, captured, known, quota_of, hub)
