"""Mailboxes: one row for each path, what the server told of it, and removal with its contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Role
from desktopmail.engine.store import mailbox, placement
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


async def test_a_path_that_is_added_again_stays_the_same_mailbox(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        first = await store.write(lambda tx: mailbox.add(tx, account_id, "Lists/qt", local=True))
        await store.write(lambda tx: put(tx, first, [mail(1)]))
        again = await store.write(
            lambda tx: mailbox.add(tx, account_id, "Lists/qt", delimiter=".", role=Role.ARCHIVE)
        )
        found = await store.read(lambda tx: mailbox.get(tx, first))
        assert again == first
        assert (found.delimiter, found.role, found.local) == (".", Role.ARCHIVE, False)
        assert await store.read(lambda tx: len(placement.of_mailbox(tx, first))) == 1


async def test_what_is_known_of_a_server_comes_back(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        fresh = await store.read(lambda tx: mailbox.get(tx, inbox))
        assert (fresh.uidvalidity, fresh.uidnext, fresh.highestmodseq) == (None, None, None)
        await store.write(
            lambda tx: mailbox.know(
                tx, inbox, uidvalidity=2**32 - 1, uidnext=8, highestmodseq=2**63 - 1, complete=True
            )
        )
        found = await store.read(lambda tx: mailbox.get(tx, inbox))
        assert found.uidvalidity == 2**32 - 1
        assert (found.uidnext, found.highestmodseq, found.complete) == (8, 2**63 - 1, True)


async def test_a_role_is_found_in_its_own_account_only(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        first = await store.write(lambda tx: add_account(tx, "first"))
        second = await store.write(lambda tx: add_account(tx, "second"))

        def find(tx: Transaction) -> tuple[object, ...]:
            return (
                getattr(mailbox.find_role(tx, first, Role.TRASH), "account_id", None),
                getattr(mailbox.find_role(tx, second, Role.TRASH), "account_id", None),
                mailbox.find_role(tx, second, Role.ARCHIVE),
            )

        assert await store.read(find) == (first, second, None)


async def test_each_cycle_has_the_next_number(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        numbers = [await store.write(lambda tx: mailbox.begin_cycle(tx, inbox)) for _ in range(3)]
        assert numbers == [1, 2, 3]


async def test_removing_a_mailbox_keeps_what_stands_in_another_one(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        other = await store.write(lambda tx: mailbox.add(tx, account_id, "Other"))
        placements = await store.write(lambda tx: put(tx, other, [mail(1), mail(2)]))
        await store.write(lambda tx: placement.copy(tx, placements[0], inbox))
        await store.write(lambda tx: mailbox.remove(tx, other))
        subjects = await store.read(lambda tx: tx.fetch("SELECT subject FROM message"))
        assert subjects == [("Subject 1",)]
        with pytest.raises(DoorError) as caught:
            await store.read(lambda tx: mailbox.get(tx, other))
        assert caught.value.code == "no-mailbox"
