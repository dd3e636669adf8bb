"""The tags of a profile: found by name and label, coloured, forgotten when nothing has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.engine.store import placement, tag
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


async def test_a_tag_is_found_by_its_label_and_by_its_name_in_any_case(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:

        def step(tx: Transaction) -> None:
            assert tag.names(tx, ["To do"]) == ("To_do",)
            assert tag.names(tx, ["to do", "TO_DO", "To do"]) == ("To_do",)
            assert tag.known_names(tx, ["to do", "never seen"]) == ("To_do",)
            tag.change(tx, "To_do", label="Errands", colour=None)
            assert tag.find(tx, "errands") == "To_do"

        await store.write(step)


async def test_a_keyword_of_another_client_is_known_by_its_label(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:

        def step(tx: Transaction) -> None:
            tag.add(tx, "$label1")
            tag.add(tx, "Stra&AN8-e")
            assert tag.names(tx, ["important", "straße"]) == ("$label1", "Stra&AN8-e")

        await store.write(step)


async def test_what_cannot_be_a_tag_is_refused(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        with pytest.raises(DoorError, match="cannot be a tag"):
            await store.write(lambda tx: tag.names(tx, ["()"]))
        # Another tag, which has no label of its own, is not what an empty one means.
        await store.write(lambda tx: tag.add(tx, "work"))
        for empty in ("", " ", "_"):
            with pytest.raises(DoorError, match="cannot be a tag"):
                await store.write(lambda tx, empty=empty: tag.names(tx, [empty]))
            assert await store.read(lambda tx, empty=empty: tag.find(tx, empty)) is None


async def test_a_tag_is_forgotten_only_when_nothing_has_it(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:

        def step(tx: Transaction) -> None:
            (placed,) = put(tx, inbox_of(tx, add_account(tx)), [mail(0)])
            placement.add_tags(tx, placed, ["work"])
            tag.forget(tx, "work")
            assert tag.find(tx, "work") == "work"
            assert tag.tagged(tx, "WORK") == [placed]
            placement.remove_tags(tx, placed, ["work"])
            tag.forget(tx, "work")
            assert tag.find(tx, "work") is None

        await store.write(step)
