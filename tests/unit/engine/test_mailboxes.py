"""Mailboxes are made, renamed and deleted at once here, and can be brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CreateMailbox,
    DeleteMailbox,
    EmptyMailbox,
    MoveMessages,
    RenameMailbox,
    SetOffline,
    SubscribeMailbox,
    Undo,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind
from desktopmail.engine import mailboxes, undo
from desktopmail.engine.store import mailbox, operation
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, running_engine
from tests.helpers.store import add_account, mail, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.door.commands import Outcome
    from desktopmail.door.ids import AccountId
    from desktopmail.engine.store.store import Transaction


class Post:
    """An engine whose account has three messages at a server."""

    def __init__(self, bench: Bench, server: LocalServer, account_id: AccountId) -> None:
        self.bench = bench
        self.server = server
        self.account_id = account_id

    async def create(self, name: str) -> Outcome:
        return await self.bench.engine.command(CreateMailbox(account_id=self.account_id, name=name))

    async def rename(self, path: str, new: str) -> Outcome:
        return await self.bench.engine.command(
            RenameMailbox(mailbox_id=self.bench.mailbox(path), path=new)
        )

    async def delete(self, path: str) -> Outcome:
        return await self.bench.engine.command(DeleteMailbox(mailbox_id=self.bench.mailbox(path)))

    async def put(self, subject: str, path: str) -> None:
        await self.bench.engine.command(
            MoveMessages(
                placement_ids=(self.bench.placed(subject),), mailbox_id=self.bench.mailbox(path)
            )
        )

    async def undo(self, outcome: Outcome) -> None:
        assert outcome.undo is not None
        await self.bench.engine.command(Undo(token=outcome.undo))

    async def told(self) -> None:
        """The server has heard everything, and nothing went wrong."""
        await self.bench.sync()
        assert self.bench.reader.operations() == []
        assert self.bench.reader.problems() == []

    def shown(self) -> set[str]:
        known = {"INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"}
        return {row.path for row in self.bench.reader.mailboxes()} - known

    async def listed(self) -> set[str]:
        async with other_device(self.server) as device:
            known = {"INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"}
            return {row.mailbox for row, _ in await device.list("", "*")} - known


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            yield Post(bench, server, account_id)


async def test_a_mailbox_is_there_at_once_and_at_the_server_afterwards(post: Post) -> None:
    await post.create("Work/2026")
    assert post.shown() >= {"Work/2026"}
    await post.told()
    assert "Work/2026" in await post.listed()
    assert "Work/2026" in post.shown()


async def test_work_begun_offline_is_told_in_order(post: Post) -> None:
    await post.bench.engine.command(SetOffline(offline=True))
    await post.create("A")
    await post.put("Subject 0", "A")
    await post.rename("A", "B")
    await post.create("B/inner")
    await post.put("Subject 1", "B/inner")
    await post.rename("B", "C")
    assert post.shown() == {"C", "C/inner"}
    assert post.bench.subjects("C") == ["Subject 0"]
    await post.bench.engine.command(SetOffline(offline=False))
    await post.told()
    assert post.shown() == await post.listed() == {"C", "C/inner"}
    assert post.bench.subjects("C/inner") == ["Subject 1"]
    assert [one.subject for one in post.server.messages("alice", "C/inner")] == ["Subject 1"]


async def test_a_deleted_mailbox_leaves_its_messages_in_the_trash(post: Post) -> None:
    await post.create("Old")
    await post.put("Subject 0", "Old")
    await post.told()
    post.server.deliver("alice", mail(7), mailbox="Old")  # nobody here has seen it
    outcome = await post.delete("Old")
    assert post.shown() == set()
    assert post.bench.subjects("Trash") == ["Subject 0"]
    await post.told()
    await post.told()
    assert await post.listed() == set()
    assert post.bench.subjects("Trash") == ["Subject 0", "Subject 7"]
    await post.undo(outcome)
    assert post.bench.subjects("Old") == ["Subject 0"]
    await post.told()
    assert await post.listed() == {"Old"}
    assert [one.subject for one in post.server.messages("alice", "Old")] == ["Subject 0"]


async def test_a_tree_of_mailboxes_is_deleted_and_brought_back(post: Post) -> None:
    await post.create("Old")
    await post.create("Old/inner")
    await post.put("Subject 0", "Old/inner")
    await post.put("Subject 1", "Old")
    await post.told()
    outcome = await post.delete("Old")
    await post.told()
    assert post.shown() == await post.listed() == set()
    await post.undo(outcome)
    await post.told()
    assert post.shown() == await post.listed() == {"Old", "Old/inner"}
    assert post.bench.subjects("Old/inner") == ["Subject 0"]
    assert post.bench.subjects("Old") == ["Subject 1"]
    assert post.bench.subjects("Trash") == []


async def test_undo_before_the_server_heard_leaves_it_nothing_to_hear(post: Post) -> None:
    await post.create("Old")
    await post.put("Subject 0", "Old")
    await post.told()
    await post.bench.engine.command(SetOffline(offline=True))
    renamed = await post.rename("Old", "New")
    deleted = await post.delete("New")
    assert post.shown() == set()
    await post.undo(deleted)
    assert post.shown() == {"New"}
    await post.undo(renamed)
    assert post.shown() == {"Old"}
    assert post.bench.subjects("Old") == ["Subject 0"]
    assert post.bench.reader.operations() == []


async def test_a_renaming_is_taken_back_after_the_server_heard(post: Post) -> None:
    await post.create("Old/inner")
    await post.told()
    outcome = await post.rename("Old/inner", "Inner")
    await post.told()
    assert "Inner" in await post.listed()
    await post.undo(outcome)
    await post.told()
    assert "Old/inner" in await post.listed()
    assert "Inner" not in post.shown() | await post.listed()


async def test_a_made_mailbox_goes_again_unless_something_is_in_it(post: Post) -> None:
    outcome = await post.create("New")
    await post.told()
    await post.undo(outcome)
    await post.told()
    assert await post.listed() == set()
    outcome = await post.create("Full")
    await post.put("Subject 0", "Full")
    await post.told()
    with pytest.raises(DoorError, match="not empty any more"):
        await post.undo(outcome)
    assert post.shown() == {"Full"}


async def test_what_is_emptied_goes_to_the_trash_and_out_of_it_for_good(post: Post) -> None:
    engine = post.bench.engine
    outcome = await engine.command(EmptyMailbox(mailbox_id=post.bench.mailbox()))
    assert post.bench.subjects("Trash") == ["Subject 0", "Subject 1", "Subject 2"]
    await post.undo(outcome)
    assert len(post.bench.subjects()) == 3
    await engine.command(EmptyMailbox(mailbox_id=post.bench.mailbox()))
    await post.told()
    await engine.command(EmptyMailbox(mailbox_id=post.bench.mailbox("Trash")))
    await post.told()
    assert post.server.messages("alice", "Trash") == []
    with pytest.raises(DoorError, match="empty already"):
        await engine.command(EmptyMailbox(mailbox_id=post.bench.mailbox("Trash")))


async def test_subscribing_is_told_and_heard(post: Post) -> None:
    await post.create("News")
    await post.told()
    outcome = await post.bench.engine.command(
        SubscribeMailbox(mailbox_id=post.bench.mailbox("News"), subscribed=False)
    )
    await post.told()
    (row,) = [row for row in post.bench.reader.mailboxes() if row.path == "News"]
    assert not row.subscribed
    async with other_device(post.server) as device:
        assert "News" not in {one.mailbox for one in await device.lsub("", "*")}
        await post.undo(outcome)
        await post.told()
        assert "News" in {one.mailbox for one in await device.lsub("", "*")}
        await device.unsubscribe("News")
    await post.told()
    (row,) = [row for row in post.bench.reader.mailboxes() if row.path == "News"]
    assert not row.subscribed


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "needs a name"),
        ("a//b", "needs a name"),
        ("/a", "needs a name"),
        ("a*", "means something"),
        ("a\nb", "means something"),
        ("inbox", "already"),
        ("Sent", "already"),
        ("x" * 300, "too long"),
    ],
)
async def test_a_name_that_cannot_be_one_is_refused_in_a_sentence(
    post: Post, path: str, why: str
) -> None:
    with pytest.raises(DoorError, match=why):
        await post.create(path)
    await post.create("Fine")
    with pytest.raises(DoorError, match=why):
        await post.rename("Fine", path)


async def test_what_an_account_needs_is_not_deleted_nor_the_inbox_renamed(post: Post) -> None:
    for path in ("INBOX", "Drafts", "Sent", "Trash"):
        with pytest.raises(DoorError, match="needs it"):
            await post.delete(path)
    with pytest.raises(DoorError, match="Inbox cannot be renamed"):
        await post.rename("INBOX", "Other")
    await post.create("A")
    with pytest.raises(DoorError, match="into itself"):
        await post.rename("A", "A/B")


async def test_mailboxes_of_a_pop3_account_are_only_here_and_work_alike(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("bob", mail(0))
        async with running_engine(tmp_path) as bench:
            post = Post(bench, server, await bench.add(server, "bob", Kind.POP3))
            await bench.sync()
            await post.create("Keep")
            await post.put("Subject 0", "Keep")
            renamed = await post.rename("Keep", "Kept")
            assert bench.subjects("Kept") == ["Subject 0"]
            await post.undo(renamed)
            deleted = await post.delete("Keep")
            assert (post.shown(), bench.subjects("Trash")) == (set(), ["Subject 0"])
            await post.undo(deleted)
            assert bench.subjects("Keep") == ["Subject 0"]
            assert bench.reader.operations() == []


async def test_a_renaming_that_is_given_up_shows_what_the_server_calls_the_mailbox_by_now(
    tmp_path: Path,
) -> None:
    """It was made anew meanwhile, under the prefix of its server."""
    async with open_store(tmp_path) as store:

        def step(tx: Transaction) -> str:
            account_id = add_account(tx)
            box = mailbox.add(tx, account_id, "Work")
            mailboxes.rename(tx, box, "Job")
            (one,) = operation.pending(tx, account_id)
            operation.set_state(tx, one.id, "failed")
            mailbox.set_path(tx, box, "INBOX.Job")
            undo.revert(tx, one)
            return mailbox.get(tx, box).shown_path

        assert await store.write(step) == "INBOX.Job"
