"""The sandbox with the accounts of its users, as one thing that is started and asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome, SyncAccounts
from desktopmail.door.ids import AccountId
from desktopmail.door.queries import SandboxState
from desktopmail.engine.sandbox import Sandbox
from desktopmail.engine.store import account as accounts

if TYPE_CHECKING:
    from desktopmail.door.queries import Discovered
    from desktopmail.engine.account import Accounts
    from desktopmail.engine.store.store import Transaction
    from desktopmail.engine.sync.round import Round
    from desktopmail.engine.working import Working
    from desktopmail.net.ports import Ports


class Demo:
    """At most one sandbox, and its accounts.

    Args:
        ports: For its server and the mail it is filled with.
        accounts: Where the accounts of its users go; their passwords are kept in memory only.
        working: What runs for them.
        rounds: Fetches their mail.
    """

    def __init__(self, ports: Ports, accounts: Accounts, working: Working, rounds: Round) -> None:
        self._ports = ports
        self._accounts = accounts
        self._working = working
        self._rounds = rounds
        self._sandbox: Sandbox | None = None

    async def start(self) -> Outcome:
        """Start the sandbox, or start it again; answers with its accounts.

        Raises:
            DoorError: Its server did not start.
        """
        if self._sandbox is not None:
            if not self._sandbox.is_running:
                await self._sandbox.start_again()
                self._working.wake_all()
            return Outcome(ids=self._sandbox.account_ids, label="The sandbox is running")
        sandbox = Sandbox(self._ports)
        await sandbox.start()
        self._sandbox = sandbox
        ids: list[AccountId] = []
        for command in sandbox.account_commands():
            outcome = await self._accounts.add(command, in_memory=True)
            ids += map(AccountId, outcome.ids)
        sandbox.account_ids = tuple(ids)
        await self._rounds.run(SyncAccounts(account_ids=tuple(ids)))
        return Outcome(ids=tuple(ids), label="The sandbox is ready")

    def state(self) -> SandboxState:
        """Where its administration API is, as long as it runs."""
        return SandboxState(running=False) if self._sandbox is None else self._sandbox.state()

    def discovered(self, address: str) -> Discovered | None:
        """Its servers, for an address of a user of it; None for others."""
        if self._sandbox is None or not self._sandbox.is_home_of(address):
            return None
        return self._sandbox.discovered(address)

    async def aclose(self) -> None:
        """Stop its server."""
        if self._sandbox is not None:
            await self._sandbox.aclose()


def forget_old(tx: Transaction) -> None:
    """A sandbox ends with its engine; its accounts have no server any more."""
    for account in accounts.every(tx):
        if Sandbox.has_server(account.incoming):
            accounts.remove(tx, account.id)
