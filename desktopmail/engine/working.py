"""What works for each account, its worker and its outbox: begun, ended, woken and begun again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Kind, SendingState
from desktopmail.engine import quarantine
from desktopmail.engine.in_hand import ACCOUNT, Item
from desktopmail.engine.outbox import Outbox
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import problem, sending
from desktopmail.engine.sync.imap import ImapSync
from desktopmail.engine.sync.pop3 import Pop3Sync
from desktopmail.engine.sync.worker import Worker
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.net.ports import Ports

# An account whose worker failed by a bug of ours is started again, but not in a hurry.
AFTER_A_BUG_S = 30.0
#: What a door is told that asks for its work meanwhile.
RESTING = "resting"

_log = logging.getLogger("desktopmail.engine")


@dataclass(slots=True)
class AtWork:
    """What runs for one account."""

    scope: TaskScope
    worker: Worker
    outbox: Outbox
    imap: ImapSync | None


class Working:
    """Everything that runs for the accounts of a profile.

    Args:
        store: Whose accounts they are.
        ports: Clock, randomness, network and threads.
        connector: Makes their connections.
        poll_s: How often mailboxes are looked at that nobody tells us of.

    Attributes:
        is_offline: Nothing runs, because a person wants it so.
    """

    def __init__(self, store: Store, ports: Ports, connector: Connector, *, poll_s: float) -> None:
        self._store = store
        self._ports = ports
        self._connector = connector
        self._poll_s = poll_s
        self._at_work: dict[AccountId, AtWork] = {}
        self._scope = TaskScope(log_failure)
        self.is_offline = False

    @property
    def ids(self) -> tuple[AccountId, ...]:
        """The accounts that something runs for."""
        return tuple(self._at_work)

    def of(self, account_id: AccountId) -> AtWork | None:
        """What runs for an account, or None."""
        return self._at_work.get(account_id)

    async def need(self, account_id: AccountId) -> AtWork:
        """What runs for an account.

        Raises:
            DoorError: Nothing does: there is no such account, we are offline ("offline"), it failed
                by a fault of ours and begins again soon ("resting"), or it is set aside
                ("set-aside"), and a question waits for the answer that has it begin.
        """
        account = await self._store.read(lambda tx: accounts.get(tx, account_id))
        found = self._at_work.get(account_id)
        if found is not None:
            return found
        if self.is_offline:
            raise DoorError("The program is offline.", remedy="Go online first.", code="offline")
        if not self._is_aside(account_id):
            raise DoorError(
                f"The work for {account.name} failed a moment ago.",
                remedy="It begins again by itself; try again in a minute.",
                code=RESTING,
            )
        # A person may have answered "leave it" and think otherwise now.
        now_s = self._ports.clock.now().timestamp()
        item = Item(ACCOUNT, str(account_id))
        await self._store.write(partial(quarantine.set_aside, item, now_s))
        raise DoorError(
            quarantine.why_aside(account), remedy="A question waits for your answer.",
            code=quarantine.CODE,
        )  # fmt: skip

    def _is_aside(self, account_id: AccountId) -> bool:
        return self._store.guard.is_aside(ACCOUNT, account_id)

    async def begin_all(self) -> None:
        """Begin the work for every account."""
        for account in await self._store.read(accounts.every):
            self.begin(account.id, account.kind)

    async def end_all(self) -> None:
        """Stop the work for every account, and wait until it has ended."""
        for account_id in self.ids:
            await self.end(account_id)

    async def aclose(self) -> None:
        """Stop everything."""
        await self._scope.close()
        await self.end_all()

    def begin(self, account_id: AccountId, kind: Kind) -> None:
        """Begin the work for an account, unless it runs already or we are offline."""
        held_back = self.is_offline or self._is_aside(account_id)
        if held_back or account_id in self._at_work:
            return
        imap = ImapSync(self._store, self._connector) if kind is Kind.IMAP else None
        cycle = imap or Pop3Sync(self._store, self._connector)
        worker = Worker(self._store, self._ports, account_id, cycle, poll_s=self._poll_s)
        outbox = Outbox(self._store, self._connector, account_id, filed=worker.wake)
        scope = TaskScope(lambda name, error: self._restart(account_id, name, error))
        self._at_work[account_id] = AtWork(scope, worker, outbox, imap)
        scope.spawn(worker.run(), name=f"account {account_id}")
        scope.spawn(outbox.run(), name=f"outbox {account_id}")

    async def end(self, account_id: AccountId) -> None:
        """Stop the work for an account, and wait until it has ended."""
        at_work = self._at_work.pop(account_id, None)
        if at_work is not None:
            await at_work.scope.close()

    def beside(self, work: Coroutine[object, object, None], *, name: str) -> None:
        """Run something that belongs to no account; it ends with the engine at the latest."""
        self._scope.spawn(work, name=name)

    async def set_offline(self, offline: bool) -> Outcome:
        """Close all connections and stay away from the network, or come back."""
        self.is_offline = offline
        for account in await self._store.read(accounts.every):
            if offline:
                await self.end(account.id)
                if not self._is_aside(account.id):
                    await self._store.write(partial(_set_offline, account.id))
            else:
                self.begin(account.id, account.kind)
        return Outcome(label="Offline" if offline else "Online")

    def wake_all(self) -> None:
        """There is something to tell or to ask."""
        for at_work in self._at_work.values():
            at_work.worker.wake()
            at_work.outbox.wake()

    def release(self, account_id: AccountId) -> None:
        """A person has done something about an account: what waited for that goes on."""
        if account_id in self._at_work:
            self._at_work[account_id].worker.release()
            self._at_work[account_id].outbox.release()

    def release_all(self) -> None:
        """A person has done something about all accounts: what waited for that goes on."""
        for account_id in self.ids:
            self.release(account_id)

    def wake_outbox(self, account_id: AccountId) -> None:
        """There is something to send."""
        if account_id in self._at_work:
            self._at_work[account_id].outbox.wake()

    def release_outbox(self, account_id: AccountId) -> None:
        """A person wants it sent now."""
        if account_id in self._at_work:
            self._at_work[account_id].outbox.release()

    def _restart(self, account_id: AccountId, name: str, error: Exception) -> None:
        """A worker ended by an error nobody expected: say so, and begin again after a while."""
        log_failure(name, error)
        self.beside(self._begin_again(account_id, name, error), name=f"restart {name}")

    async def _begin_again(self, account_id: AccountId, name: str, error: Exception) -> None:
        what = f"The work for {name} failed: {type(error).__name__}: {error}."
        now_s = self._ports.clock.now().timestamp()
        await self.end(account_id)

        def step(tx: Transaction) -> None:
            problem.report(tx, account_id, "engine", what, "It is tried again by itself.", now_s)
            waiting = sending.in_states(tx, account_id, (SendingState.QUEUED,))
            sending.explain(waiting, what, tx)

        try:
            await self._store.write(step)
        except DoorError as unwritable:  # then the log alone says it
            _log.warning("%s", unwritable.sentence)
        await self._ports.clock.sleep(AFTER_A_BUG_S)
        account = await self._store.read(lambda tx: accounts.get(tx, account_id))
        self.begin(account_id, account.kind)


def log_failure(name: str, error: Exception) -> None:
    """Write down what a task of ours ended with."""
    _log.error("%s failed", name, exc_info=error)


def _set_offline(account_id: AccountId, tx: Transaction) -> None:
    accounts.set_state(tx, account_id, ConnectionState.OFFLINE)
