"""A question is asked once, kept until it is answered, and taken back when it answers itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.changes import AnyChange, QuestionsChanged
from desktopmail.door.interface import DoorError
from desktopmail.engine.store import question
from tests.helpers.store import add_account, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Store

CHOICES = (("leave", "Leave it"), ("again", "Send it again"))


async def ask(store: Store, subject_id: int, text: str = "Did it arrive?") -> None:
    await store.write(
        lambda tx: question.ask(
            tx, "unsure", text, CHOICES, account_id=None, subject_id=subject_id, asked_s=1.0
        )
    )


async def texts(store: Store) -> list[str]:
    return [row[0] for row in await store.read(lambda tx: tx.fetch("SELECT text FROM question"))]


async def test_about_one_thing_is_asked_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await ask(store, 7, "first")
        await ask(store, 7, "again")
        await ask(store, 8, "of another")
        assert await texts(store) == ["first", "of another"]


async def test_a_question_survives_a_restart_with_its_choices(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await ask(store, 7)
    async with open_store(tmp_path) as store:
        found = await store.read(lambda tx: question.get(tx, 1))  # type: ignore[arg-type]
        assert (found.kind, found.subject_id, found.choices) == ("unsure", 7, ("leave", "again"))


async def test_one_that_answered_itself_is_taken_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(add_account)
        await ask(store, 7)
        told: list[AnyChange] = []
        store.listen(told.append)
        await store.write(lambda tx: question.settle(tx, "unsure", 8))
        assert (told, await texts(store)) == ([], ["Did it arrive?"])
        await store.write(lambda tx: question.settle(tx, "unsure", 7))
        assert (told, await texts(store)) == ([QuestionsChanged()], [])
        with pytest.raises(DoorError) as caught:
            await store.read(lambda tx: question.get(tx, 1))  # type: ignore[arg-type]
        assert caught.value.code == "answered"
