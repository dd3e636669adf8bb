"""The mailboxes of one user: the same in memory and on disk, and after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import system_ports
from localserver.store.account import Account, Message
from localserver.store.database import open_database
from localserver.store.errors import (
    CannotError,
    MailboxExistsError,
    NoSuchMailboxError,
    OverQuotaError,
)
from localserver.store.flags import Change, Mode
from localserver.store.interface import Delivery, StoreLimits
from localserver.store.sqlite import SqliteStore, open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PLAIN = b"Subject: x\r\n\r\nbody\r\n"


async def opened(folder: Path | None, **limits: int) -> SqliteStore:
    return await open_store(
        folder, system_ports(), limits=StoreLimits(**limits), known=lambda name: name == "alice"
    )


@pytest.fixture(params=["memory", "disk"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await opened(None if request.param == "memory" else tmp_path)
    yield store
    await store.aclose()


@pytest.fixture
async def account(store: SqliteStore) -> Account:
    return await store.account("alice")


async def test_uids_grow_and_never_come_again(account: Account) -> None:
    inbox = account.mailbox("INBOX")
    first = await account.append(inbox, [Message(PLAIN), Message(PLAIN)])
    assert [each.uid for each in first] == [1, 2]
    await account.expunge(inbox, None, only_deleted=False)
    second = await account.append(inbox, [Message(PLAIN)])
    assert second[0].uid == 3
    assert inbox.uidnext == 4
    assert account.all_uids(inbox) == [3]


async def test_totals_follow_every_change(account: Account) -> None:
    inbox = account.mailbox("INBOX")
    await account.append(inbox, [Message(PLAIN, frozenset({"\\Seen"})), Message(PLAIN)])
    assert (inbox.messages, inbox.unseen, inbox.deleted, inbox.octets) == (2, 1, 0, 2 * len(PLAIN))
    await account.change_flags(inbox, Change([1, 2], Mode.ADD, frozenset({"\\Deleted"})))
    await account.change_flags(inbox, Change([2], Mode.ADD, frozenset({"\\Seen"})))
    assert (inbox.unseen, inbox.deleted) == (0, 2)
    await account.copy(inbox, [1], account.mailbox("Trash"))
    assert account.used() == (3 * len(PLAIN), 3)
    await account.expunge(inbox, [1, 2])
    assert (inbox.messages, inbox.unseen, inbox.deleted, inbox.octets) == (0, 0, 0, 0)
    assert account.used() == (len(PLAIN), 1)
    rows = account.query("SELECT messages, unseen, deleted, octets FROM mailbox WHERE name='Trash'")
    assert rows == [(1, 0, 1, len(PLAIN))]


async def test_octets_go_with_the_last_copy(account: Account) -> None:
    inbox, trash = account.mailbox("INBOX"), account.mailbox("Trash")
    await account.append(inbox, [Message(PLAIN)])
    await account.copy(inbox, [1], trash)
    await account.expunge(inbox, None, only_deleted=False)
    assert account.octets(1) == PLAIN
    await account.expunge(trash, None, only_deleted=False)
    for table in ("message", "content", "finding", "entry"):
        assert account.query(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608  names above


async def test_a_move_is_one_commit_with_one_modseq_on_each_side(account: Account) -> None:
    inbox, trash = account.mailbox("INBOX"), account.mailbox("Trash")
    await account.append(inbox, [Message(PLAIN, frozenset({"$Label"}))] * 3)
    copied = await account.copy(inbox, [1, 3, 9], trash, move=True)
    assert (copied.source, copied.target) == ([1, 3], [1, 2])
    assert account.all_uids(inbox) == [2]
    rows = account.query("SELECT uid FROM expunged WHERE mailbox=?", inbox.number)
    assert rows == [(1,), (3,)]
    assert account.used() == (3 * len(PLAIN), 3)


async def test_a_change_that_changes_nothing_keeps_the_modseq(account: Account) -> None:
    inbox = account.mailbox("INBOX")
    await account.append(inbox, [Message(PLAIN, frozenset({"\\Seen"}))])
    before = inbox.modseq
    changed = await account.change_flags(inbox, Change([1], Mode.ADD, frozenset({"\\Seen"})))
    assert changed.changed == []
    assert inbox.modseq == before


async def test_over_quota_stores_nothing_and_a_move_costs_nothing() -> None:
    store = await opened(None, quota_octets=2 * len(PLAIN))
    account = await store.account("alice")
    inbox = account.mailbox("INBOX")
    await account.append(inbox, [Message(PLAIN)] * 2)
    with pytest.raises(OverQuotaError):
        await account.append(inbox, [Message(b"x")])
    with pytest.raises(OverQuotaError):
        await account.copy(inbox, [1], account.mailbox("Trash"))
    await account.copy(inbox, [1], account.mailbox("Trash"), move=True)
    assert account.used() == (2 * len(PLAIN), 2)
    await store.aclose()


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    account = await store.account("alice")
    inbox = account.mailbox("INBOX")
    zone = timezone(timedelta(hours=-7))
    arrived = datetime(1996, 7, 17, 2, 44, 25, tzinfo=zone)
    message = Message(b"a\0b\r\n\xff", frozenset({"\\Seen", "$Odd"}), arrived)
    (delivered,) = await account.append(inbox, [message])
    await account.create("Box/Below")
    await account.subscribe("Box")
    await store.aclose()

    again = await opened(tmp_path)
    account = await again.account("alice")
    inbox = account.mailbox("inbox")
    assert inbox.uidvalidity == delivered.uidvalidity
    assert (inbox.messages, inbox.uidnext) == (1, 2)
    assert account.octets(1) == b"a\0b\r\n\xff"
    ((mask, seconds, minutes),) = account.query(
        "SELECT flags, arrived, zone FROM entry JOIN message ON id=message"
    )
    assert set(account.flags.names(mask)) == {"\\Seen", "$Odd"}
    assert (seconds, minutes) == (int(arrived.timestamp()), -420)
    assert "Box" in account.subscriptions()
    assert account.mailbox("Box/Below").messages == 0
    await again.aclose()


async def test_many_appends_at_once_get_different_uids(account: Account) -> None:
    inbox = account.mailbox("INBOX")
    results = await asyncio.gather(
        *(account.append(inbox, [Message(b"Subject: %d\r\n\r\n" % n)]) for n in range(60))
    )
    assert sorted(result[0].uid for result in results) == list(range(1, 61))
    for result in results:
        octets = account.octets(int(result[0].email_id[1:], 16))
        assert octets is not None


async def test_mailboxes_are_made_renamed_and_deleted(account: Account) -> None:
    made = await account.create("a/b")
    with pytest.raises(MailboxExistsError):
        await account.create("a")
    await account.rename("a", "c")
    assert account.mailbox("c/b").number == made.number
    with pytest.raises(NoSuchMailboxError):
        account.mailbox("a/b")
    await account.delete("c")
    assert account.mailbox("c/b").number == made.number
    with pytest.raises(CannotError):
        await account.delete("INBOX")


async def test_a_new_uidvalidity_is_higher_and_uids_begin_anew(account: Account) -> None:
    inbox = account.mailbox("INBOX")
    await account.append(inbox, [Message(PLAIN)] * 3)
    await account.expunge(inbox, [1], only_deleted=False)
    before = inbox.uidvalidity
    await account.new_uidvalidity(inbox)
    assert inbox.uidvalidity > before
    assert account.all_uids(inbox) == [1, 2]


async def test_arrivals_are_told_with_their_envelope(store: SqliteStore) -> None:
    told = []
    stop = store.on_arrival(told.append)
    await store.deliver([Delivery("alice", PLAIN, sender="a@x.test", recipient="alice@localhost")])
    stop()
    await store.deliver([Delivery("alice", PLAIN)])
    assert [(each.delivered.uid, each.sender) for each in told] == [(1, "a@x.test")]


async def test_an_append_to_a_mailbox_that_was_deleted_meanwhile(account: Account) -> None:
    box = await account.create("Box")
    await account.delete("Box")
    with pytest.raises(NoSuchMailboxError):
        await account.append(box, [Message(PLAIN)])


async def test_internal_date_is_now_unless_given(account: Account) -> None:
    await account.append(account.mailbox("INBOX"), [Message(PLAIN)])
    ((seconds,),) = account.query("SELECT arrived FROM message")
    assert abs(seconds - datetime.now(UTC).timestamp()) < 5


async def test_two_databases_of_one_file_are_not_opened(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    one, other = await asyncio.gather(store.account("alice"), store.account("alice"))
    assert one is other
    await store.aclose()


async def test_a_database_can_be_opened_beside_for_reading(tmp_path: Path) -> None:
    from localserver.store.schema import MAIL

    store = await opened(tmp_path)
    await store.deliver([Delivery("alice", PLAIN)])
    path = tmp_path / "users" / "alice" / "mail.db"
    other = await open_database(path, MAIL, system_ports().executor)
    assert other.read.execute("SELECT count(*) FROM entry").fetchall() == [(1,)]
    await other.aclose()
    await store.aclose()


async def test_a_new_uidvalidity_lets_the_modseq_go_on(account: Account) -> None:
    inbox = account.mailbox("INBOX")
    await account.append(inbox, [Message(PLAIN)] * 3)
    account.open(inbox, _nothing)
    await account.change_flags(inbox, Change([1], Mode.ADD, frozenset({"\\Seen"})))
    known = inbox.modseq
    await account.new_uidvalidity(inbox)
    assert inbox.modseq > known
    known = inbox.modseq
    await account.change_flags(inbox, Change([2], Mode.ADD, frozenset({"\\Seen"})))
    assert inbox.changed_since(known) == {2}
    rows = account.query("SELECT max(modseq) FROM entry WHERE mailbox=?", inbox.number)
    assert rows == [(inbox.modseq,)]
    inbox.unsubscribe(_nothing)


def _nothing() -> None:
    """Somebody who listens."""


async def test_a_rename_of_the_inbox_moves_its_messages_and_leaves_it_there(
    account: Account,
) -> None:
    inbox = account.mailbox("INBOX")
    validity = inbox.uidvalidity
    await account.append(inbox, [Message(PLAIN, frozenset({"\\Flagged"}))] * 2)
    await account.rename("inbox", "Old/2026")
    assert (inbox.messages, inbox.uidvalidity, inbox.uidnext) == (0, validity, 3)
    moved = account.mailbox("Old/2026")
    assert moved.messages == 2
    assert account.mailbox("Old").messages == 0


async def test_a_mailbox_that_listeners_have_open_tells_them_it_is_deleted(
    account: Account,
) -> None:
    box = await account.create("Box")
    await account.append(box, [Message(PLAIN)])
    told: list[bool] = []

    def listen() -> None:
        told.append(box.exists)

    account.open(box, listen)
    await account.delete("Box")
    assert told == [False]
    assert list(box.uids or ()) == []
    again = await account.create("Box")
    assert again.uidvalidity > box.uidvalidity
    assert again.mailbox_id != box.mailbox_id
