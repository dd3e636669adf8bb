"""What a maildrop was seen to hold outlives the messages, so that nothing is fetched twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.store import placement, pop_seen
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Store, Transaction

DIGEST = bytes(32)


async def seen(store: Store, account_id: int = 1) -> dict[str, pop_seen.Seen]:
    return await store.read(lambda tx: pop_seen.every(tx, account_id))  # type: ignore[arg-type]


async def test_a_uidl_is_remembered_when_its_message_is_deleted_here(tmp_path: Path) -> None:
    def step(tx: Transaction) -> None:
        account_id = add_account(tx)
        placements = put(tx, inbox_of(tx, account_id), [mail(1)], first_uid=None)
        message_id = placement.get(tx, placements)[0].message_id
        pop_seen.add(tx, account_id, [pop_seen.Seen("u1", message_id, DIGEST, 5)])
        placement.remove(tx, placements)

    async with open_store(tmp_path) as store:
        await store.write(step)
        assert await seen(store) == {"u1": pop_seen.Seen("u1", None, DIGEST, 5, False)}


async def test_a_uidl_and_its_message_are_one_step(tmp_path: Path) -> None:
    def step(tx: Transaction) -> None:
        account_id = add_account(tx)
        placements = put(tx, inbox_of(tx, account_id), [mail(1)], first_uid=None)
        message_id = placement.get(tx, placements)[0].message_id
        pop_seen.add(tx, account_id, [pop_seen.Seen("u1", message_id, DIGEST, 5)])
        raise RuntimeError("cut before the commit")

    async with open_store(tmp_path) as store:
        with pytest.raises(RuntimeError):
            await store.write(step)
        assert await seen(store) == {}
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(0,)]


async def test_a_uidl_seen_before_keeps_its_date(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        for at_s in (5, 99):
            await store.write(
                lambda tx, at_s=at_s: pop_seen.add(
                    tx, account_id, [pop_seen.Seen("u1", None, DIGEST, at_s)]
                )
            )
        assert (await seen(store))["u1"].first_seen_s == 5


async def test_the_uidls_of_two_accounts_are_two(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: add_account(tx, "first"))
        second = await store.write(lambda tx: add_account(tx, "second"))
        for one in (first, second):
            await store.write(
                lambda tx, one=one: pop_seen.add(tx, one, [pop_seen.Seen("u1", None, DIGEST, 1)])
            )
        await store.write(lambda tx: pop_seen.forget(tx, first, ["u1"]))
        assert (list(await seen(store, first)), list(await seen(store, second))) == ([], ["u1"])


async def test_a_new_uidl_keeps_everything_else(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(
            lambda tx: pop_seen.add(tx, account_id, [pop_seen.Seen("old", None, DIGEST, 1)])
        )
        await store.write(lambda tx: pop_seen.rename(tx, account_id, "old", "new"))
        assert await seen(store) == {"new": pop_seen.Seen("new", None, DIGEST, 1, False)}


async def test_the_size_that_a_server_lists_is_remembered(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(
            lambda tx: pop_seen.add(tx, account_id, [pop_seen.Seen("u1", None, DIGEST, 1)])
        )
        assert (await seen(store))["u1"].size is None
        await store.write(lambda tx: pop_seen.resize(tx, account_id, {"u1": 70, "u2": 80}))
        assert {uidl: one.size for uidl, one in (await seen(store)).items()} == {"u1": 70}


async def test_only_what_was_asked_for_is_to_be_deleted_at_the_server(tmp_path: Path) -> None:
    def step(tx: Transaction) -> None:
        account_id = add_account(tx)
        placements = put(tx, inbox_of(tx, account_id), [mail(1), mail(2)], first_uid=None)
        for number, placed in enumerate(placement.get(tx, placements)):
            one = pop_seen.Seen(f"u{number}", placed.message_id, DIGEST, 1)
            pop_seen.add(tx, account_id, [one])
        message_id = placement.get(tx, placements)[0].message_id
        pop_seen.let_go(tx, account_id, message_id, left=0, delete=True)
        placement.remove(tx, placements[:1])  # the wish outlives the message

    async with open_store(tmp_path) as store:
        await store.write(step)
        wishes = {uidl: one.delete_wanted for uidl, one in (await seen(store)).items()}
        assert wishes == {"u0": True, "u1": False}


async def test_what_a_server_does_not_list_any_more_is_known_until_it_lists_it_again(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(
            lambda tx: pop_seen.add(
                tx, account_id, [pop_seen.Seen(name, None, DIGEST, 1) for name in ("u1", "u2")]
            )
        )
        for gone in ({"u1"}, {"u1", "u2"}, set()):
            before = (await seen(store)).values()
            await store.write(
                lambda tx, before=before, gone=gone: pop_seen.note_unlisted(
                    tx, account_id, before, gone
                )
            )
            assert {uidl for uidl, one in (await seen(store)).items() if one.unlisted} == gone
