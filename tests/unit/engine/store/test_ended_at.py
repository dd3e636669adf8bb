"""At what connections ended outlives the engine, and goes with the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.store import account, ended_at
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_is_kept_is_what_was_counted_last_of_each_account(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        one, other = await store.write(
            lambda tx: [add_account(tx, name) for name in ("work", "home")]
        )
        await store.write(lambda tx: ended_at.keep(tx, one, {"id1": 2, "7/1/5[HEADER]": 1}))
        await store.write(lambda tx: ended_at.keep(tx, other, {"id1": 1}))
        await store.write(lambda tx: ended_at.keep(tx, one, {"id1": 3}))
    async with open_store(tmp_path) as store:
        assert await store.read(lambda tx: ended_at.every(tx, one)) == {"id1": 3}
        assert await store.read(lambda tx: ended_at.every(tx, other)) == {"id1": 1}
        await store.write(lambda tx: ended_at.forget(tx, one))
        assert await store.read(lambda tx: ended_at.every(tx, one)) == {}
        await store.write(lambda tx: account.remove(tx, other))
        assert await store.read(lambda tx: tx.fetch("SELECT * FROM ended_at")) == []
