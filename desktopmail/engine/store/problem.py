"""What is wrong now: one problem for each service of an account, gone when it works again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


def report(
    tx: Transaction,
    account_id: AccountId | None,
    service: str,
    what: str,
    remedy: str,
    at_s: float,
    *,
    code: str = "",
) -> None:
    """Remember what is wrong, in place of what was wrong before; `code` is as in `DoorError`."""
    settle(tx, account_id, service)
    tx.execute(
        "INSERT INTO problem (account_id, service, what, remedy, at_s, code)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (account_id, service, what, remedy, at_s, code),
    )
    tx.touch_problems()


def settle(tx: Transaction, account_id: AccountId | None, service: str) -> None:
    """Forget a problem: it works again."""
    tx.execute("DELETE FROM problem WHERE account_id IS ? AND service = ?", (account_id, service))
    if tx.changed_rows():
        tx.touch_problems()
