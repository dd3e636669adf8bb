"""What is set aside stays so over a start, once, until it is taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.engine.in_hand import ACCOUNT, MESSAGE, Item
from desktopmail.engine.store import aside
from tests.helpers.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

LETTER, HOME = Item(MESSAGE, "a key"), Item(ACCOUNT, "3")


async def test_it_is_there_once_until_it_is_taken_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        number = await store.write(lambda tx: aside.add(tx, LETTER))
        assert await store.write(lambda tx: aside.add(tx, LETTER)) == number
        other = await store.write(lambda tx: aside.add(tx, HOME))
        assert other != number
    async with open_store(tmp_path) as store:
        assert await store.read(aside.every) == {LETTER, HOME}
        assert await store.read(lambda tx: aside.get(tx, number)) == LETTER
        await store.write(lambda tx: aside.take_back(tx, LETTER))
        assert await store.read(lambda tx: aside.get(tx, number)) is None
        assert await store.read(aside.every) == {HOME}
