"""The mailboxes of a server: told or guessed uses, and one LIST too short takes nothing away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.rows import Flag, Role
from desktopmail.engine import journal, undo
from desktopmail.engine import mailboxes as boxes
from desktopmail.engine.store import mailbox, message, operation
from desktopmail.engine.sync import mailboxes
from desktopmail.engine.sync.mailboxes import Listed
from desktopmail.wire.imap.status import StatusItem
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Store, Transaction

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


async def test_a_mailbox_that_was_listed_under_its_new_name_meanwhile_is_one_with_that_one(
    tmp_path: Path,
) -> None:
    """What was to be done with its messages is done when they are met there."""
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)

        def step(tx: Transaction) -> None:
            work, job = (mailbox.add(tx, account_id, name) for name in ("Work", "Job"))
            for box in (work, job):
                mailbox.know(tx, box, uidvalidity=7, uidnext=9, highestmodseq=None, complete=True)
            placed = put(tx, work, [mail(1), mail(2)])
            (come,) = put(tx, inbox_of(tx, account_id), [mail(3)])
            journal.store_flags(tx, placed[:1], add=Flag.FLAGGED)
            journal.move(tx, [come], work)
            assert mailboxes.name(tx, work, "Job") == job
            assert [one.path for one in mailbox.of_account(tx, account_id)].count("Job") == 1
            flags, move = operation.pending(tx, account_id)
            assert (flags.arguments.source, move.arguments.target) == (job, job)
            assert operation.lacking_uids(tx, [flags.id, move.id]) == {flags.id}
            assert mailbox.get(tx, job).uidvalidity is None  # it is looked at as on a first time
            assert len(tx.fetch("SELECT 1 FROM placement WHERE mailbox_id = ?", (job,))) == 3

        await store.write(step)


async def test_a_mailbox_that_was_deleted_is_wanted_again_where_it_is_made_by_another_name(
    tmp_path: Path,
) -> None:
    """The server calls both INBOX.Work, and has not heard of the deletion."""
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)

        def step(tx: Transaction) -> None:
            old = mailbox.add(tx, account_id, "INBOX.Work")
            boxes.delete(tx, old)
            new, _ = boxes.create(tx, account_id, "Work")
            assert mailboxes.name(tx, new, "INBOX.Work") == old
            assert not mailbox.get(tx, old).hidden
            assert operation.of_mailbox(tx, old, "delete-mailbox") == []

        await store.write(step)


async def test_a_mailbox_that_is_gone_is_not_kept_for_what_was_to_be_moved_into_it(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        work = await store.write(lambda tx: mailbox.add(tx, account_id, "Work"))

        def move(tx: Transaction) -> None:
            placed = put(tx, inbox_of(tx, account_id), [mail(1)])
            journal.move(tx, placed, work)

        await store.write(move)
        for _ in range(3):
            await keep(store, account_id, *USUAL)
        assert not await store.read(lambda tx: mailbox.get(tx, work).local)

        def give_up(tx: Transaction) -> None:
            (one,) = operation.pending(tx, account_id)
            undo.revert(tx, one)

        await store.write(give_up)
        await keep(store, account_id, *USUAL)
        assert "Work" not in await paths(store, account_id)
