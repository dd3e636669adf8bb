"""Passwords that a person gives later: for a server that refused the old one, for the vault."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.engine import check, trust
from desktopmail.wire.secret import Secret

if TYPE_CHECKING:
    from desktopmail.door.commands import Password, SetPassword
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.secrets import Secrets
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.trust import Side
    from desktopmail.engine.working import Working


class Passwords:
    """Keeps passwords, and has what waited for them go on.

    Args:
        store: Where the questions stand that are settled by it.
        secrets: Where passwords are kept.
        working: What waits.
    """

    def __init__(self, store: Store, secrets: Secrets, working: Working) -> None:
        self._store = store
        self._secrets = secrets
        self._working = working

    async def set(self, command: SetPassword) -> Outcome:
        """Give an account another password."""
        side: Side = "outgoing" if command.outgoing else "incoming"
        account_id = command.account_id
        await self._secrets.set(account_id, side, Secret(command.password.text))
        await self._store.write(partial(_forget_refusals, account_id))
        self._working.release(account_id)
        return Outcome()

    async def open_vault(self, pass_phrase: Password) -> Outcome:
        """Open the file that keeps the passwords where there is no keyring.

        Raises:
            DoorError: The pass phrase is wrong.
        """
        await self._secrets.open_vault(pass_phrase.text)
        self._working.release_all()
        return Outcome()


def _forget_refusals(account_id: AccountId, tx: Transaction) -> None:
    """A new password was given; the outgoing server may take the incoming one."""
    for side in check.SIDES:
        trust.settle(tx, account_id, side, (trust.PASSWORD,))
