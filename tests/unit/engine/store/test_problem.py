"""One problem for each service of an account, gone when it works again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.changes import AnyChange, ProblemsChanged
from desktopmail.engine.store import problem
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Store


async def problems(store: Store) -> list[tuple[object, ...]]:
    return list(
        await store.read(lambda tx: tx.fetch("SELECT service, what FROM problem ORDER BY service"))
    )


async def test_the_newest_problem_of_a_service_is_the_one_that_is_shown(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        for what in ("No route.", "Wrong password."):
            await store.write(
                lambda tx, what=what: problem.report(tx, account_id, "imap", what, "", 1.0)
            )
        await store.write(lambda tx: problem.report(tx, account_id, "smtp", "Refused.", "", 1.0))
        assert await problems(store) == [("imap", "Wrong password."), ("smtp", "Refused.")]


async def test_a_service_that_works_again_settles_its_own_problem_only(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        for service, owner in (("imap", account_id), ("smtp", account_id), ("imap", None)):
            await store.write(
                lambda tx, service=service, owner=owner: problem.report(
                    tx, owner, service, f"{service} {owner}", "", 1.0
                )
            )
        await store.write(lambda tx: problem.settle(tx, account_id, "imap"))
        assert await problems(store) == [("imap", "imap None"), ("smtp", f"smtp {account_id}")]


async def test_nothing_is_told_when_nothing_was_wrong(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        told: list[AnyChange] = []
        store.listen(told.append)
        await store.write(lambda tx: problem.settle(tx, account_id, "imap"))
        assert told == []
        await store.write(lambda tx: problem.report(tx, account_id, "imap", "x", "", 1.0))
        await store.write(lambda tx: problem.settle(tx, account_id, "imap"))
        assert told == [ProblemsChanged()] * 2
