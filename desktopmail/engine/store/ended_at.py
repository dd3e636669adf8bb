"""What connections ended at, again and again: kept, since an engine may run for one try alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


def every(tx: Transaction, account_id: AccountId) -> dict[str, int]:
    """How often the connection ended at what is awaited of a server, by what names it."""
    return dict(tx.fetch("SELECT name, times FROM ended_at WHERE account_id = ?", (account_id,)))


def keep(tx: Transaction, account_id: AccountId, times: Mapping[str, int]) -> None:
    """Remember this, and nothing else."""
    forget(tx, account_id)
    tx.execute_for(
        "INSERT INTO ended_at (account_id, name, times)"
        " SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
        [(account_id, name, number) for name, number in times.items()],
    )


def forget(tx: Transaction, account_id: AccountId) -> None:
    """Forget it: another server is asked from now on."""
    tx.execute("DELETE FROM ended_at WHERE account_id = ?", (account_id,))
