"""Accounts as a person handles them: added after a check, removed, checked again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind, Role
from desktopmail.engine import check, only_here, policy
from desktopmail.engine.proxy import refuse_what_is_none
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import mailbox

if TYPE_CHECKING:
    from desktopmail.door.commands import AddAccount, RemoveAccount
    from desktopmail.door.ids import AccountId
    from desktopmail.door.policy import Policy
    from desktopmail.door.queries import CheckReport
    from desktopmail.engine.connector import Connector
    from desktopmail.engine.secrets import Secrets
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.working import Working


@dataclass(frozen=True, slots=True)
class Accounts:
    """Adds, removes and checks accounts.

    Attributes:
        store: Where they are.
        secrets: Where their passwords are.
        connector: Speaks to their servers for a check.
        working: What runs for them.
    """

    store: Store
    secrets: Secrets
    connector: Connector
    working: Working

    async def add(self, command: AddAccount, *, in_memory: bool = False) -> Outcome:
        """Add an account and begin its work.

        Args:
            command: Which.
            in_memory: Its passwords are kept no longer than this process.

        Raises:
            DoorError: Its name is taken, its proxy is none, a server refused, or its password
                cannot be kept; it is not there then.
        """
        taken = await self.store.read(
            lambda tx: tx.fetch("SELECT 1 FROM account WHERE name = ?", (command.name,))
        )
        if taken:
            raise accounts.name_taken(command.name)
        kept = policy.parse(command.policy)
        refuse_what_is_none(command.incoming, command.outgoing)
        if command.check:
            await check.before_adding(command, self.connector)
        account_id = await self.store.write(lambda tx: _add(tx, command, kept))
        try:
            await self.secrets.keep(
                account_id, command.password, command.outgoing_password, in_memory=in_memory
            )
        except DoorError:
            await self.store.write(lambda tx: accounts.remove(tx, account_id))
            raise
        self.working.begin(account_id, command.kind)
        return Outcome(ids=(account_id,), label=f"Account {command.name} added")

    async def remove(self, command: RemoveAccount) -> Outcome:
        """Remove an account and its local mail.

        Raises:
            DoorError: Some of that exists only here, and is not to go with it.
        """
        account_id = command.account_id
        account = await self.store.read(lambda tx: accounts.get(tx, account_id))
        await self.store.read(lambda tx: _refuse_to_remove(tx, command))
        await self.working.end(account_id)
        try:
            await self.secrets.forget(account_id)
            await self.store.write(lambda tx: _remove(tx, command))
        except DoorError:
            self.working.begin(account_id, account.kind)
            raise
        return Outcome(label=f"Account {account.name} removed")

    async def check(self, account_id: AccountId) -> CheckReport:
        """Go through both servers of an account."""
        account = await self.store.read(lambda tx: accounts.get(tx, account_id))
        return await check.check(account, self.connector)


def _refuse_to_remove(tx: Transaction, command: RemoveAccount) -> None:
    if not command.with_its_mail:
        only_here.refuse(tx, command.account_id)


def _remove(tx: Transaction, command: RemoveAccount) -> None:
    _refuse_to_remove(tx, command)  # a draft may have come while the work was ended
    accounts.remove(tx, command.account_id)


def _add(tx: Transaction, command: AddAccount, kept: Policy) -> AccountId:
    made = accounts.add(
        tx,
        name=command.name,
        address=command.address,
        display_name=command.display_name,
        kind=command.kind,
        incoming=command.incoming,
        outgoing=command.outgoing,
        allow_cleartext=command.allow_cleartext,
    )
    accounts.set_policy(tx, made, kept)
    is_local = command.kind is Kind.POP3
    for role, path in mailbox.LOCAL_MAILBOXES:
        if is_local or role is Role.INBOX:
            mailbox.add(tx, made, path, role=role, local=is_local)
    return made
