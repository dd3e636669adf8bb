"""A round over several accounts, asked for by a person: all at once, and what failed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from desktopmail.door.commands import Outcome
from desktopmail.door.interface import DoorError
from desktopmail.engine import quarantine
from desktopmail.engine.store import mailbox, operation
from desktopmail.engine.sync import not_given
from desktopmail.engine.working import RESTING, log_failure
from desktopmail.tasks import TaskScope

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from desktopmail.door.commands import SyncAccounts
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store, Transaction
    from desktopmail.engine.working import Working
    from desktopmail.net.ports import Clock


class Round:
    """Has accounts fetch what is new.

    Args:
        store: Where it goes.
        working: Whose workers do it.
        clock: When what is left for later becomes due.
        log: The file that says more about a fault of ours.
    """

    def __init__(self, store: Store, working: Working, clock: Clock, log: Path) -> None:
        self._store = store
        self._working = working
        self._clock = clock
        self._log = log

    async def run(self, command: SyncAccounts) -> Outcome:
        """Carry the command out; see `SyncAccounts`.

        Raises:
            DoorError: An account is not there, we are offline, or the first that failed, rests or
                is set aside; the others were brought up to date.
        """
        wanted = command.account_ids or self._working.ids
        errors: list[DoorError] = []
        able: list[AccountId] = []
        for account_id in wanted:
            try:
                await self._working.need(account_id)
                able.append(account_id)
            except DoorError as error:
                if error.code not in {quarantine.CODE, RESTING}:
                    raise
                errors.append(error)  # the others are none the worse for it
        now_s = None if command.headers_only else self._clock.now().timestamp()
        await self._store.write(partial(_release, able, now_s))

        def broke(name: str, error: Exception) -> None:
            log_failure(name, error)
            errors.append(self._our_fault())

        scope = TaskScope(broke)
        for account_id in able:
            one = self._one(account_id, errors, headers_only=command.headers_only)
            scope.spawn(one, name=f"sync {account_id}")
        if not command.wait:
            self._working.beside(scope.settled(), name="sync")
        else:
            await scope.settled()
        if errors:
            raise errors[0]
        count = "1 account" if len(wanted) == 1 else f"{len(wanted)} accounts"
        return Outcome(label=f"{count} up to date" if command.wait else "")

    async def _one(
        self, account_id: AccountId, errors: list[DoorError], *, headers_only: bool
    ) -> None:
        try:
            at_work = await self._working.need(account_id)
            await at_work.worker.sync(headers_only=headers_only)
        except DoorError as error:
            errors.append(error)

    def _our_fault(self) -> DoorError:
        return DoorError(
            "A fault of this program kept it from fetching mail.",
            remedy=f"Try again; {self._log} says more.",
            code="internal",
        )


def _release(account_ids: Sequence[AccountId], now_s: float | None, tx: Transaction) -> None:
    """Let nothing wait any longer that was put off; None: but for what is fetched."""
    for account_id in account_ids:
        operation.try_now(tx, account_id)
        if now_s is not None:
            mailbox.release(tx, account_id, now_s)
            not_given.release(tx, account_id)
