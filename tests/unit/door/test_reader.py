"""The reader shows what the store holds, in the order of the view, and nothing else."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import msgspec
import pytest

from desktopmail.door import sqlite
from desktopmail.door.ids import MailboxId, MessageId, PlacementId
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Column, Flag, Kind, Role, SendingState, View
from desktopmail.engine.store import (
    account,
    blob,
    mailbox,
    operation,
    person,
    placement,
    sending,
)
from desktopmail.engine.store.operation import Arguments
from desktopmail.engine.summary import of_message
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from desktopmail.engine.store.store import Store, Transaction


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def reader(store: Store) -> SqliteReader:
    return SqliteReader(store.profile)


async def filled(store: Store) -> MailboxId:
    """Ten messages in the Inbox: even ones read, every third flagged, one thread of three."""
    account_id = await store.write(add_account)
    inbox = await store.read(lambda tx: inbox_of(tx, account_id))
    mails = [
        mail(
            number,
            subject=f"{'Re: ' if number % 2 else ''}Topic {9 - number}",
            sender=f"{'zyx'[number % 3]}@example.org",
            hour=number,
            references="<1@example.org>" if number in {4, 7} else "",
            body="x" * number * 10,
        )
        for number in range(1, 11)
    ]
    placements = await store.write(lambda tx: put(tx, inbox, mails))
    for number, one in enumerate(placements, 1):
        flags = (Flag.SEEN if number % 2 == 0 else Flag.NONE) | (
            Flag.FLAGGED if number % 3 == 0 else Flag.NONE
        )
        await store.write(lambda tx, one=one, flags=flags: placement.set_flags(tx, one, flags))
    return inbox


@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("descending", [True, False])
async def test_a_view_is_in_its_order_and_positions_agree(
    store: Store, reader: SqliteReader, column: Column, descending: bool
) -> None:
    inbox = await filled(store)
    view = View(mailbox_ids=(inbox,), column=column, descending=descending)
    rows = reader.window(view, 0, 100)
    keys = {
        Column.DATE: [row.date_s for row in rows],
        Column.SENDER: [row.sender.address for row in rows],
        Column.SUBJECT: [row.subject.removeprefix("Re: ") for row in rows],
        Column.SIZE: [row.size_octets for row in rows],
    }[column]
    assert keys == sorted(keys, reverse=descending)
    assert len(rows) == reader.count(view) == reader.count(view, 3) == 10
    assert [reader.position(view, row.id) for row in rows] == list(range(10))
    assert reader.window(view, 3, 4) == rows[3:7]
    reader.close()


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (View(unread_only=True), {1, 3, 5, 7, 9}),
        (View(flagged_only=True), {3, 6, 9}),
        (View(unread_only=True, flagged_only=True), {3, 9}),
        (View(with_attachment=True), set()),
        (View(query="is:unread topic"), {1, 3, 5, 7, 9}),
        (View(query="is:flagged -is:unread"), {6}),
    ],
)
async def test_filters_agree_with_the_count(
    store: Store, reader: SqliteReader, view: View, expected: set[int]
) -> None:
    await filled(store)
    rows = reader.window(view, 0, 100)
    assert {9 - int(row.subject.split()[-1]) for row in rows} == expected
    assert reader.count(view) == len(expected)
    assert [reader.position(view, row.id) for row in rows] == list(range(len(rows)))
    outside = PlacementId(10**6)
    assert reader.position(view, outside) is None
    reader.close()


@pytest.mark.parametrize("column", Column)
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("query", ["subject:topic from:x", "is:flagged", "from:x -is:flagged"])
async def test_what_a_server_found_is_merged_in_and_comes_once(
    store: Store, reader: SqliteReader, column: Column, descending: bool, query: str
) -> None:
    inbox = await filled(store)
    here = View(mailbox_ids=(inbox,), query=query, column=column, descending=descending)
    every = [row.id for row in reader.window(View(mailbox_ids=(inbox,)), 0, 100)]
    found = {row.id for row in reader.window(here, 0, 100)}
    assert 0 < len(found) < 10
    both = msgspec.structs.replace(here, also=tuple(every))
    rows = reader.window(both, 0, 100)
    # Every message is found by one of the two, each once, in the order of the view.
    plain = msgspec.structs.replace(here, query="")
    assert [row.id for row in rows] == [row.id for row in reader.window(plain, 0, 100)]
    assert reader.count(both) == 10
    assert [reader.position(both, row.id) for row in rows] == list(range(10))
    assert reader.window(both, 3, 4) == rows[3:7]
    filtered = msgspec.structs.replace(both, flagged_only=True)
    assert reader.count(filtered) == 3
    assert reader.count(msgspec.structs.replace(here, also=(PlacementId(999),))) == len(found)
    reader.close()


async def test_threads_show_the_newest_of_each_with_its_size(
    store: Store, reader: SqliteReader
) -> None:
    inbox = await filled(store)
    view = View(mailbox_ids=(inbox,), threads=True)
    rows = reader.window(view, 0, 100)
    assert [(9 - int(row.subject.split()[-1]), row.thread_size) for row in rows] == [
        (10, 1), (9, 1), (8, 1), (7, 3), (6, 1), (5, 1), (3, 1), (2, 1),
    ]  # fmt: skip
    assert reader.count(view) == 8
    assert (reader.count(view, 5), reader.count(view, 50)) == (5, 8)
    reader.close()


async def test_a_row_for_a_thread_tells_how_many_of_its_messages_are_unread(
    store: Store, reader: SqliteReader
) -> None:
    view = View(mailbox_ids=(await filled(store),), threads=True)
    assert [row.thread_unread for row in reader.window(view, 0, 4)] == [0, 1, 0, 2]
    unread = msgspec.structs.replace(view, unread_only=True)
    gathered = next(row for row in reader.window(unread, 0, 9) if row.thread_size > 1)
    assert (gathered.thread_size, gathered.thread_unread) == (2, 2)
    reader.close()


async def test_the_messages_of_threads_are_those_that_the_view_has(
    store: Store, reader: SqliteReader
) -> None:
    view = View(mailbox_ids=(await filled(store),), threads=True)
    rows = reader.window(view, 0, 100)
    chosen = [rows[3].thread_id, rows[0].thread_id]

    def numbers(view: View) -> list[int]:
        return [9 - int(row.subject.split()[-1]) for row in reader.of_threads(view, chosen)]

    assert numbers(view) == [10, 7, 4, 1]
    assert numbers(msgspec.structs.replace(view, unread_only=True)) == [7, 1]
    assert numbers(View(mailbox_ids=(MailboxId(999),))) == []
    reader.close()


async def test_a_view_of_one_thread_has_its_messages_in_all_mailboxes(
    store: Store, reader: SqliteReader
) -> None:
    inbox = await filled(store)
    thread_id = reader.window(View(mailbox_ids=(inbox,), threads=True), 3, 1)[0].thread_id
    sent = await store.write(
        lambda tx: mailbox.add(tx, reader.accounts()[0].id, "Answers", role=Role.NONE)
    )
    answer = mail(11, subject="Re: Topic 8", hour=11, references="<1@example.org>")
    await store.write(lambda tx: put(tx, sent, [answer]))
    view = View(thread_id=thread_id)
    rows = reader.window(view, 0, 100)
    assert [9 - int(row.subject.split()[-1]) for row in rows] == [1, 7, 4, 1]
    assert [row.mailbox_id for row in rows] == [sent, inbox, inbox, inbox]
    assert (reader.count(view), reader.count(view, 2)) == (4, 4)
    assert [reader.position(view, row.id) for row in rows] == [0, 1, 2, 3]
    assert [row.id for row in reader.window(view, 1, 2)] == [row.id for row in rows[1:3]]
    oldest_first = msgspec.structs.replace(view, descending=False)
    assert [row.id for row in reader.window(oldest_first, 0, 9)] == [row.id for row in rows][::-1]
    unread = msgspec.structs.replace(view, unread_only=True)
    assert reader.count(unread) == len(reader.window(unread, 0, 9)) == 3
    elsewhere = reader.window(View(mailbox_ids=(inbox,)), 0, 1)[0]
    assert reader.position(view, elsewhere.id) is None
    reader.close()


async def test_several_mailboxes_are_joined_in_one_order(
    store: Store, reader: SqliteReader
) -> None:
    await filled(store)
    other = await store.write(lambda tx: add_account(tx, "home", Kind.POP3))
    second = await store.read(lambda tx: inbox_of(tx, other))
    await store.write(lambda tx: put(tx, second, [mail(5, hour=5), mail(77, hour=22)]))
    everywhere = View()
    rows = reader.window(everywhere, 0, 100)
    assert [row.date_s for row in rows] == sorted((row.date_s for row in rows), reverse=True)
    assert len(rows) == reader.count(everywhere) == 12
    assert [reader.position(everywhere, row.id) for row in rows] == list(range(12))
    assert rows[0].account_id == other
    reader.close()


async def test_what_is_hidden_is_neither_listed_nor_counted(
    store: Store, reader: SqliteReader
) -> None:
    inbox = await filled(store)
    rows = reader.window(View(mailbox_ids=(inbox,)), 0, 3)
    await store.write(lambda tx: placement.show(tx, [row.id for row in rows], shown=False))
    assert reader.count(View(mailbox_ids=(inbox,))) == 7
    found = reader.mailbox(inbox)
    assert found is not None
    assert (found.total, found.unread) == (7, 4)  # of the three newest one was unread
    await store.write(lambda tx: placement.remove(tx, [row.id for row in rows]))
    assert reader.count(View(query="topic")) == 7
    reader.close()


async def test_mailboxes_come_inbox_first_and_parents_before_children(
    store: Store, reader: SqliteReader
) -> None:
    account_id = await store.write(add_account)

    def more(tx: Transaction) -> None:
        for path in ("b", "a", "a/z", "a/y", "INBOX/list"):
            mailbox.add(tx, account_id, path)

    await store.write(more)
    rows = reader.mailboxes(account_id)
    assert [row.path for row in rows] == [
        "INBOX", "INBOX/list", "Sent", "Trash", "a", "a/y", "a/z", "b",
    ]  # fmt: skip
    by_path = {row.path: row for row in rows}
    assert by_path["a/z"].parent_id == by_path["a"].id
    assert (by_path["a/z"].name, by_path["INBOX"].role) == ("z", Role.INBOX)
    reader.close()


async def test_octets_and_header_are_exact(store: Store, reader: SqliteReader) -> None:
    account_id = await store.write(add_account)
    octets = mail(1) + bytes(range(256))
    await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [octets]))
    assert reader.octets(MessageId(1)) == octets
    assert reader.header_octets(MessageId(1)) == octets[: octets.index(b"\r\n\r\n") + 4]
    assert reader.octets(MessageId(2)) is None
    with pytest.raises(DoorError):
        reader.header_octets(MessageId(2))
    reader.close()


async def test_octets_whose_file_is_being_written_are_said_to_come_later(
    store: Store, reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 10)
    account_id = await store.write(add_account)
    await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
    with closing(apsw.Connection(str(store.profile.segment(1)))) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DoorError, match="cannot be read while") as caught:
            reader.octets(MessageId(1))
    assert caught.value.code == "busy"
    assert reader.octets(MessageId(1)) == mail(1)


async def test_octets_that_are_lost_are_said_in_one_sentence(
    store: Store, reader: SqliteReader
) -> None:
    account_id = await store.write(add_account)
    await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
    await store.write(lambda tx: tx.execute("UPDATE blob SET position = 99"))
    with pytest.raises(DoorError, match="octets 99 are missing") as caught:
        reader.octets(MessageId(1))
    assert caught.value.code == "octets-lost"
    reader.close()


async def test_pending_operations_and_tags_are_in_the_rows(
    store: Store, reader: SqliteReader
) -> None:
    inbox = await filled(store)
    rows = reader.window(View(mailbox_ids=(inbox,)), 0, 2)

    def change(tx: Transaction) -> int:
        placement.add_tags(tx, rows[0].id, ["work", "later"])
        made = operation.add(tx, rows[0].account_id, "flags", Arguments(add=1), "Mark as read")
        operation.add_targets(tx, made, [(rows[0].id, Flag.NONE, None)])
        return made

    made = await store.write(change)
    first, second = reader.window(View(mailbox_ids=(inbox,)), 0, 2)
    assert (first.tags, first.pending, second.pending) == (("later", "work"), True, False)
    assert [row.label for row in reader.operations()] == ["Mark as read"]
    await store.write(lambda tx: operation.finish(tx, made))
    assert not reader.window(View(mailbox_ids=(inbox,)), 0, 1)[0].pending
    assert reader.operations() == []
    assert [row.id for row in reader.window(View(query="tag:WORK"), 0, 9)] == [rows[0].id]
    reader.close()


async def test_people_are_found_by_name_or_address_the_frequent_first(
    store: Store, reader: SqliteReader
) -> None:
    def count(tx: Transaction) -> None:
        one = of_message(mail(1, sender="Ann Weber <ann@example.org>"))
        two = of_message(mail(2, sender="<anton@example.org>"))
        person.count(tx, [one, two, two], sent=False)
        person.count(tx, [one], sent=True)

    await store.write(count)
    assert [one.address for one in reader.people("an", 9)] == [
        "anton@example.org",
        "ann@example.org",
    ]
    assert [one.address for one in reader.people("web", 9)] == ["ann@example.org"]
    assert [one.name for one in reader.people("bo", 9)] == ["Bob"]
    assert reader.people("%", 9) == reader.people("", 9) == []
    reader.close()


async def test_accounts_never_show_a_password(store: Store, reader: SqliteReader) -> None:
    account_id = await store.write(add_account)
    (row,) = reader.accounts()
    assert (row.id, row.incoming.user, row.state) == (account_id, "alice", "offline")
    await store.write(lambda tx: account.remove(tx, account_id))
    assert reader.accounts() == reader.mailboxes() == []
    assert reader.count(View()) == 0
    reader.close()


def test_a_profile_without_a_store_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DoorError) as caught:
        SqliteReader(Profile.at(tmp_path))
    assert caught.value.code == "no-store"


@pytest.mark.parametrize(("passed_s", "shown"), [(3600.0, 1), (2 * 86400.0, 0), (-86400.0, 1)])
async def test_what_was_sent_is_shown_for_a_day_by_the_clock_of_the_engine(
    store: Store, passed_s: float, shown: int
) -> None:
    """In a simulation that is another one than the machine's."""
    then_s = 1000.0

    def step(tx: Transaction) -> None:
        account_id = add_account(tx)
        (blob_id,) = blob.put(tx, [mail(1)])
        made = sending.add(
            tx, account_id, message_id="1@x", subject="Sent", sender="a@x", recipients=("b@x",),
            blob_id=blob_id, now_s=then_s, delay_s=0, draft=None, answers=None, forwards=False,
        )  # fmt: skip
        sending.set_state(tx, made, SendingState.DONE, then_s)

    await store.write(step)
    opened = SqliteReader(store.profile, now_s=lambda: then_s + passed_s)
    try:
        assert len(opened.sendings()) == shown
    finally:
        opened.close()
