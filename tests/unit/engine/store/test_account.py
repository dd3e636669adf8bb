"""Accounts: what was learned stays, passwords never are here, and removing takes only its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Kind
from desktopmail.engine.store import account, message
from desktopmail.engine.store.account import Learned
from tests.helpers.store import SERVER, add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


async def test_a_name_is_taken_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(add_account)
        with pytest.raises(DoorError) as caught:
            await store.write(add_account)
        assert caught.value.code == "name-taken"
        assert len(await store.read(account.every)) == 1


async def test_accounts_stand_in_the_order_they_were_added(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for name in ("zoe", "ann", "max"):
            await store.write(lambda tx, name=name: add_account(tx, name))
        assert [one.name for one in await store.read(account.every)] == ["zoe", "ann", "max"]


async def test_settings_and_what_was_learned_come_back_as_they_went_in(tmp_path: Path) -> None:
    learned = Learned(files_sent=True, exposures={"incoming": "scram"}, pop_deletes_after_days=7.5)
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: account.learn(tx, account_id, learned))
    async with open_store(tmp_path) as store:
        found = await store.read(lambda tx: account.get(tx, account_id))
    assert (found.incoming, found.outgoing, found.learned) == (SERVER, SERVER, learned)
    assert found.kind is Kind.IMAP


async def test_what_an_account_is_doing_is_kept_with_its_last_sign_of_life(tmp_path: Path) -> None:
    def states(tx: Transaction) -> list[tuple[object, ...]]:
        return list(tx.fetch("SELECT state, problem, last_alive_s FROM account"))

    async with open_store(tmp_path) as store:
        one = await store.write(add_account)
        await store.write(lambda tx: account.set_state(tx, one, ConnectionState.READY, alive_s=5.0))
        await store.write(
            lambda tx: account.set_state(tx, one, ConnectionState.FAILED, problem="No route.")
        )
        assert await store.read(states) == [("failed", "No route.", 5.0)]


async def test_an_account_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with pytest.raises(DoorError) as caught:
            await store.read(lambda tx: account.get(tx, 7))  # type: ignore[arg-type]
        assert caught.value.code == "no-account"


async def test_removing_an_account_keeps_what_another_one_shows_too(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: add_account(tx, "first"))
        second = await store.write(lambda tx: add_account(tx, "second"))
        await store.write(lambda tx: put(tx, inbox_of(tx, first), [mail(1), mail(2)]))
        await store.write(lambda tx: put(tx, inbox_of(tx, second), [mail(2), mail(3)]))
        await store.write(lambda tx: account.remove(tx, first))

        def left(tx: Transaction) -> list[bytes | None]:
            return [message.octets(tx, row[0]) for row in tx.fetch("SELECT id FROM message")]

        assert sorted(filter(None, await store.read(left))) == [mail(2), mail(3)]
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM blob")) == [(2,)]
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM placement")) == [(2,)]
