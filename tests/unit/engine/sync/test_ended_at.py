"""At what the connection ends too often is left out; a network that fails is no worse for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.store import ended_at as kept
from desktopmail.engine.sync.ended_at import EndedAt
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path

MOST = 3


def test_it_is_left_out_after_so_many_times_and_once_is_enough_then() -> None:
    ended = EndedAt(MOST)
    assert not ended
    for _ in range(MOST):
        assert not ended.is_to_be_left_out("a")
        ended.note(["a", "b"])
    assert ended
    assert ended.is_to_be_left_out("a")
    ended.left_out("a")
    assert not ended.is_to_be_left_out("a")
    ended.note(["a"])
    assert ended.is_to_be_left_out("a")
    ended.came(["a", "b", "c"])
    assert not ended
    assert ended.times("a") == 0


def test_what_was_only_awaited_with_another_is_forgotten_when_nothing_ends_any_more() -> None:
    ended = EndedAt(MOST)
    for names in (["a", "b"], ["a"], ["a"]):
        ended.note(names)
    ended.left_out("a")
    ended.all_came()
    assert (ended.times("a"), ended.times("b")) == (MOST - 1, 0)


async def test_the_next_engine_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        ended = EndedAt(MOST)
        await ended.load(store, account_id)
        ended.note(["a"])
        ended.note(["1 of 77 octets"], passing=True)
        await ended.save(store, account_id)
        assert await store.read(lambda tx: kept.every(tx, account_id)) == {"a": 1}
        following = EndedAt(MOST)
        for _ in range(2):
            await following.load(store, account_id)
        assert following.times("a") == 1
        following.came(["a"])
        await following.save(store, account_id)
        assert await store.read(lambda tx: kept.every(tx, account_id)) == {}
