"""Drafts: each saving is a new version, and the one before goes when the new one is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.rows import Flag, Kind, Role
from desktopmail.engine import drafts, undo
from desktopmail.engine.store import mailbox, message, operation, placement
from tests.helpers.store import add_account, mail, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId, PlacementId
    from desktopmail.engine.store.store import Store, Transaction


async def save(
    store: Store, account_id: AccountId, number: int, replaces: PlacementId | None = None
) -> PlacementId:
    octets = mail(number)
    return await store.write(
        lambda tx: drafts.save(tx, account_id, octets, replaces=replaces, now_s=1_000)
    )


async def shown(store: Store) -> list[bytes | None]:
    def step(tx: Transaction) -> list[bytes | None]:
        rows = tx.fetch("SELECT message_id FROM placement WHERE shown = 1 ORDER BY id")
        return [message.octets(tx, row[0]) for row in rows]

    return await store.read(step)


async def test_a_draft_is_kept_as_a_draft_and_brought_to_the_server(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        made = await save(store, account_id, 1)
        (placed,) = await store.read(lambda tx: placement.get(tx, [made]))
        assert placed.flags == Flag.DRAFT | Flag.SEEN
        assert await shown(store) == [mail(1)]
        kinds = [one.kind for one in await store.read(lambda tx: operation.pending(tx, account_id))]
        assert kinds == ["create", "append"]  # there was no Drafts yet


async def test_the_version_before_stays_until_the_new_one_is_proved(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        first = await save(store, account_id, 1)
        await save(store, account_id, 2, first)
        assert await shown(store) == [mail(2)]
        *_, append, expunge = await store.read(lambda tx: operation.pending(tx, account_id))
        assert (append.kind, expunge.kind) == ("append", "expunge")
        assert expunge.arguments.after == append.id
        kept = await store.read(lambda tx: placement.get(tx, [first]))
        assert len(kept) == 1  # hidden, not gone


async def test_a_version_that_the_server_refuses_for_good_brings_the_older_one_back(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        first = await save(store, account_id, 1)
        await save(store, account_id, 2, first)
        *_, append, _ = await store.read(lambda tx: operation.pending(tx, account_id))
        await store.write(lambda tx: operation.set_state(tx, append.id, "failed"))
        await store.write(lambda tx: undo.revert(tx, append))
        assert await shown(store) == [mail(1)]


async def test_where_no_server_has_drafts_one_version_is_left(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(lambda tx: add_account(tx, "home", Kind.POP3))
        await store.write(
            lambda tx: mailbox.add(tx, account_id, "Drafts", role=Role.DRAFTS, local=True)
        )
        first = await save(store, account_id, 1)
        await save(store, account_id, 2, first)
        assert await shown(store) == [mail(2)]
        assert await store.read(lambda tx: operation.pending(tx, account_id)) == []


async def test_a_version_before_that_is_gone_is_no_error(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        first = await save(store, account_id, 1)
        await store.write(lambda tx: placement.remove(tx, [first]))
        await save(store, account_id, 2, first)
        assert await shown(store) == [mail(2)]
