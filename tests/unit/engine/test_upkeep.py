"""What is done for the store as a whole answers with what a person wants to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import BackUp, CheckStore
from desktopmail.door.interface import DoorError
from desktopmail.engine import upkeep
from desktopmail.net.ports import system_ports
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_answers_say_what_was_found_and_done(tmp_path: Path) -> None:
    async with open_store(tmp_path / "profile") as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        assert (
            await upkeep.examine(store, system_ports(), CheckStore())
        ).label == "The store is sound."
        await store.write(lambda tx: tx.execute("UPDATE mailbox_total SET total = 9"))
        found = await upkeep.examine(store, system_ports(), CheckStore(repair=True))
        assert found.label == "Mailboxes whose counts were wrong, and are right now: 3."
        assert (await upkeep.compact(store)).label.endswith(" MB given back to the disk")
        copy = BackUp(path=str(tmp_path / "copy"))
        assert (await upkeep.back_up(store, copy)).label == f"Backed up to {copy.path}"
        with pytest.raises(DoorError) as caught:
            await upkeep.back_up(store, copy)
        assert caught.value.code == "not-empty"
