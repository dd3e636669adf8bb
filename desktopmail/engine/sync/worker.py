"""The worker of an account: one cycle after another, one path for reconnecting, capped back-off."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Protocol

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState
from desktopmail.engine.backoff import delay_s
from desktopmail.engine.errors import NEEDS_A_PERSON, door_error
from desktopmail.engine.in_hand import ACCOUNT
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import problem
from desktopmail.engine.waiting import wait
from desktopmail.net.errors import NetError

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.account import Account
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

_log = logging.getLogger("desktopmail.engine")


class Cycle(Protocol):
    """What a worker does for its account, by IMAP or POP3."""

    @property
    def service(self) -> str:
        """The name of the protocol, for problems: "imap", "pop3"."""

    async def run(self, account: Account, *, headers_only: bool) -> None:
        """Bring everything up to date once.

        Raises:
            NetError, DoorError: It did not work; everything that was committed stays.
        """

    async def rest(self, wake: asyncio.Event, seconds: float) -> None:
        """Wait for the next cycle: until `wake` is set, the server has news, or time is over."""

    async def leave(self) -> None:
        """Close every connection."""


class Worker:
    """Runs the cycles of one account until it is cancelled.

    Attributes:
        held_by: What a person has to do something about before it goes on, or None.
    """

    def __init__(
        self, store: Store, ports: Ports, account_id: AccountId, cycle: Cycle, *, poll_s: float
    ) -> None:
        self._store = store
        self._ports = ports
        self._account_id = account_id
        self._cycle = cycle
        self._poll_s = poll_s
        self._wake = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._served: list[asyncio.Future[None]] = []
        self._headers_only = False
        self._tries = 0
        self.held_by: DoorError | None = None
        self._releases = 0  # a person may act while a login is under way that fails in the old way

    def wake(self) -> None:
        """Begin the next cycle now: there is something to tell or to ask.

        Not while a person has to do something first: each try with a password that was refused may
        lock the account.
        """
        if self.held_by is None:
            self._wake.set()

    def release(self) -> None:
        """Begin the next cycle now: a person has done something about what held it."""
        self.held_by = None
        self._releases += 1
        self._wake.set()

    async def sync(self, *, headers_only: bool = False) -> None:
        """Run a whole cycle from now on, and wait for its end.

        Raises:
            DoorError: It failed.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        self._headers_only = headers_only
        self.release()
        await future

    async def run(self) -> None:
        """Run cycles."""
        try:
            while True:
                self._wake.clear()
                self._served, self._waiting = self._waiting, []
                headers_only, self._headers_only = self._headers_only, False
                releases = self._releases
                error = await self._once(headers_only=headers_only)
                for future in self._served:
                    _settle(future, error)
                await self._rest(error, releases)
        finally:
            for future in (*self._served, *self._waiting):
                _settle(future, DoorError("The account was closed meanwhile.", code="closed"))
            await self._cycle.leave()

    async def _once(self, *, headers_only: bool) -> DoorError | None:
        try:
            account = await self._store.read(lambda tx: accounts.get(tx, self._account_id))
            await self._state(ConnectionState.SYNCING)
            with self._store.guard.hold(ACCOUNT, account.id):
                await self._cycle.run(account, headers_only=headers_only)
            await self._store.write(
                lambda tx: problem.settle(tx, self._account_id, self._cycle.service)
            )
            await self._state(ConnectionState.READY, alive=True)
        except NetError as error:
            return await self._failed(door_error(error))
        except DoorError as error:
            return await self._failed(error)
        self._tries = 0
        return None

    async def _rest(self, error: DoorError | None, releases: int) -> None:
        if error is None:
            try:
                await self._cycle.rest(self._wake, self._poll_s)
            except NetError as lost:
                # A connection that ends while it rests is made again; if that fails, it is said.
                error = door_error(lost)
            except DoorError as unwritable:
                error = unwritable
            else:
                return
        await self._cycle.leave()
        self._tries += 1
        if error.code in NEEDS_A_PERSON and releases == self._releases:
            self.held_by = error
            self._wake.clear()  # what was set meanwhile was no word of a person
        wait_s = None if self.held_by else delay_s(self._tries, self._ports.entropy)
        await wait(self._wake, self._ports.clock, wait_s)
        self.held_by = None

    async def _failed(self, error: DoorError) -> DoorError:
        """Say what went wrong where it is seen; a store that cannot be written comes first."""
        try:
            await self._store.write(partial(self._report, error))
        except DoorError as unwritable:
            _log.warning("%s", " ".join(dict.fromkeys((unwritable.sentence, error.sentence))))
            return unwritable
        return error

    def _report(self, error: DoorError, tx: Transaction) -> None:
        now_s = self._ports.clock.now().timestamp()
        account_id, service = self._account_id, self._cycle.service
        problem.report(
            tx, account_id, service, error.sentence, error.remedy, now_s, code=error.code
        )
        accounts.set_state(tx, self._account_id, ConnectionState.FAILED, problem=error.sentence)

    async def _state(self, state: ConnectionState, *, alive: bool = False) -> None:
        alive_s = self._ports.clock.now().timestamp() if alive else None
        await self._store.write(
            lambda tx: accounts.set_state(tx, self._account_id, state, alive_s=alive_s)
        )


def _settle(future: asyncio.Future[None], error: DoorError | None) -> None:
    if future.done():
        return  # who waited has gone
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
