"""The mailboxes of a server: told or guessed uses, and one LIST too short takes nothing away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Role
from desktopmail.engine.store import mailbox, message
from desktopmail.engine.sync import mailboxes
from desktopmail.engine.sync.mailboxes import Listed
from desktopmail.wire.imap.status import StatusItem
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device
from tests.helpers.store import add_account, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store

OLD_LIST = ("LIST-EXTENDED", "SPECIAL-USE", "LIST-STATUS", "IMAP4REV2")


def listed(path: str, role: Role = Role.NONE, delimiter: str = "/") -> Listed:
    return Listed(path, delimiter, role, selectable=True, subscribed=True, numbers={})


USUAL = [listed("INBOX", Role.INBOX), listed("Sent", Role.SENT), listed("Trash", Role.TRASH)]


async def paths(store: Store, account_id: AccountId) -> list[str]:
    return [one.path for one in await store.read(lambda tx: mailbox.of_account(tx, account_id))]


async def keep(store: Store, account_id: AccountId, *found: Listed) -> None:
    await store.write(lambda tx: mailboxes.keep(tx, account_id, list(found)))


@pytest.mark.parametrize("without", [(), OLD_LIST])
async def test_a_server_is_asked_in_one_way_or_the_other(without: tuple[str, ...]) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(1))
        async with other_device(server) as client:
            await client.create("Lists/qt")
            await client.subscribe("Lists/qt")
            found = {one.path: one for one in await mailboxes.ask(client)}
    roles = {one.role for one in found.values()}
    assert {Role.INBOX, Role.SENT, Role.TRASH, Role.DRAFTS} <= roles
    assert found["Lists/qt"].subscribed
    if not without:
        assert found["INBOX"].numbers[StatusItem.MESSAGES] == 1


async def test_a_listing_that_leaves_a_mailbox_out_once_takes_nothing_away(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        other = await store.write(lambda tx: mailbox.add(tx, account_id, "Work"))
        await store.write(lambda tx: put(tx, other, [mail(1)]))
        await keep(store, account_id, *USUAL)
        assert "Work" in await paths(store, account_id)
        await keep(store, account_id, *USUAL, listed("Work"))
        await keep(store, account_id, *USUAL)
        assert "Work" in await paths(store, account_id)  # it was there in between
        await keep(store, account_id, *USUAL)
        assert "Work" not in await paths(store, account_id)


@pytest.mark.parametrize("told", [(), USUAL[1:2]], ids=["nothing", "no-inbox"])
async def test_a_listing_without_the_inbox_takes_nothing_away_however_often_it_is_told(
    told: tuple[Listed, ...], tmp_path: Path
) -> None:
    """RFC 9051 section 6.3.9: whoever has an Inbox is told of it. Such an answer is not whole."""
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        other = await store.write(lambda tx: mailbox.add(tx, account_id, "Work"))
        await store.write(lambda tx: put(tx, other, [mail(1)]))
        for _ in range(4):
            await keep(store, account_id, *told)
        assert {"INBOX", "Work"} <= set(await paths(store, account_id))


async def test_what_stands_only_here_outlives_its_mailbox_at_the_server(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        drafts = await store.write(
            lambda tx: mailbox.add(tx, account_id, "Drafts", role=Role.DRAFTS)
        )
        await store.write(lambda tx: put(tx, drafts, [mail(1)]))
        await store.write(lambda tx: put(tx, drafts, [mail(2)], first_uid=None))  # not uploaded yet
        for _ in range(3):
            await keep(store, account_id, *USUAL)
        found = await store.read(lambda tx: mailbox.get(tx, drafts))
        assert found.local
        octets = await store.read(
            lambda tx: [message.octets(tx, row[0]) for row in tx.fetch("SELECT id FROM message")]
        )
        assert octets == [mail(2)]


async def test_a_mailbox_that_was_made_here_waits_for_its_create(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: mailbox.add(tx, account_id, "Archive", local=True))
        for _ in range(3):
            await keep(store, account_id, *USUAL)
        assert "Archive" in await paths(store, account_id)
