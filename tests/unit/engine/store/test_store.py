"""One step is one transaction, told when it is durable."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from desktopmail.door.changes import (
    AccountsChanged,
    AnyChange,
    MailboxesChanged,
    MessagesChanged,
    StoreTrouble,
    TagsChanged,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.sqlite import fetch, open_read_only
from desktopmail.engine.store import blob, mailbox, schema
from desktopmail.engine.store.store import Store, Transaction
from desktopmail.net.ports import InlineExecutor, ThreadExecutor
from tests.helpers.store import add_account, inbox_of, mail, open_store, put


async def test_a_step_that_fails_leaves_nothing_and_tells_nothing(tmp_path: Path) -> None:
    def step(tx: Transaction) -> None:
        add_account(tx)
        raise RuntimeError("half way")

    async with open_store(tmp_path) as store:
        told: list[AnyChange] = []
        store.listen(told.append)
        with pytest.raises(RuntimeError):
            await store.write(step)
        assert told == []
        assert await store.read(lambda tx: tx.fetch("SELECT * FROM account")) == []


async def test_changes_are_told_after_the_commit_and_each_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        seen: list[tuple[AnyChange, int]] = []

        def look(change: AnyChange) -> None:
            other = open_read_only(store.profile.database)
            seen.append((change, fetch(other, "SELECT count(*) FROM message")[0][0]))
            other.close()

        stop = store.listen(look)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        stop()
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(3)], first_uid=9))
    assert [count for _, count in seen] == [2]
    assert seen[0][0] == MessagesChanged(mailbox_ids=(1,), message_ids=(1, 2))


async def test_what_a_step_changed_is_told_though_nobody_waited_for_its_end(
    tmp_path: Path,
) -> None:
    """It goes on in its thread, and is durable, when who asked for it was cancelled."""
    begun, goes_on = threading.Event(), threading.Event()

    def step(tx: Transaction) -> None:
        begun.set()
        goes_on.wait(10)
        tx.touch_tags()

    with ThreadPoolExecutor(1) as thread:
        store = Store(Profile.at(tmp_path), ThreadExecutor(thread))
        told: asyncio.Queue[AnyChange] = asyncio.Queue()
        store.listen(told.put_nowait)
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(store.write(step))
            await asyncio.to_thread(begun.wait, 10)
            writing.cancel()
        goes_on.set()
        assert await asyncio.wait_for(told.get(), 10) == TagsChanged()
        await store.aclose()


async def test_a_new_account_is_told_with_its_mailboxes(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        told: list[AnyChange] = []
        store.listen(told.append)
        account_id = await store.write(add_account)
    assert set(told) == {AccountsChanged(), MailboxesChanged(account_id=account_id)}


async def test_octets_are_durable_before_a_row_names_them(tmp_path: Path) -> None:
    class PowerCutError(BaseException):
        pass

    def step(tx: Transaction) -> None:
        put(tx, inbox_of(tx, add_account(tx)), [mail(1)])
        raise PowerCutError  # after the octets, before the commit of their row

    async with open_store(tmp_path) as store:
        with pytest.raises(PowerCutError):
            await store.write(step)
        segment = open_read_only(store.profile.segment(1))
        assert fetch(segment, "SELECT count(*) FROM octets") == [(1,)]
    async with open_store(tmp_path):  # orphans are swept when the store is opened
        assert fetch(segment, "SELECT count(*) FROM octets") == [(0,)]
        segment.close()


async def test_each_commit_waits_for_the_disk_itself(tmp_path: Path) -> None:
    """What is acknowledged outlives the end of the machine, not only of the program."""
    made: list[apsw.Connection] = []
    apsw.connection_hooks.append(made.append)
    try:
        async with open_store(tmp_path) as store:
            written = {
                store.profile.database.name: fetch(made[0], "PRAGMA main.synchronous")[0][0],
                store.profile.segment(1).name: fetch(made[1], "PRAGMA main.synchronous")[0][0],
            }
            assert [Path(one.filename).name for one in made[:2]] == list(written)
    finally:
        apsw.connection_hooks.remove(made.append)
    assert set(written.values()) == {2}  # FULL


async def test_a_full_disk_is_one_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        told: list[AnyChange] = []
        store.listen(told.append)
        fetch(store._connection, f"PRAGMA max_page_count = {pages(store)}")
        with pytest.raises(DoorError) as caught:
            await store.write(
                lambda tx: put(tx, inbox_of(tx, account_id), [mail(n) for n in range(900)])
            )
        assert caught.value.code == "disk-full"
        said = StoreTrouble(what=caught.value.sentence, remedy=caught.value.remedy)
        await store.write(lambda tx: tx.fetch("SELECT 1"))  # writes nothing: it tells nothing
        assert store.trouble == said
        fetch(store._connection, "PRAGMA max_page_count = 1000000")
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(1,)]
        assert [one for one in told if isinstance(one, StoreTrouble)] == [said, StoreTrouble()]


def pages(store: Store) -> int:
    return int(fetch(store._connection, "PRAGMA page_count")[0][0])


async def test_a_store_of_a_newer_program_is_refused_and_let_go(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        profile = store.profile
    connection = apsw.Connection(str(profile.database))
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    for _ in range(2):  # the second time would be "in use", had the first kept the lock
        with pytest.raises(DoorError) as caught:
            Store(profile, InlineExecutor())
        assert caught.value.code == "newer-store"


async def test_a_file_that_another_program_holds_is_told_and_written_later(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        store._segments._connection.set_busy_timeout(0)
        other = apsw.Connection(str(store.profile.segment(1)))
        other.execute("BEGIN; SELECT count(*) FROM octets").fetchall()
        with pytest.raises(DoorError, match="Another program holds a file in") as caught:
            await store.write(lambda tx: blob.put(tx, [b"octets"]))
        assert caught.value.code == "profile-held"
        other.close()
        (blob_id,) = await store.write(lambda tx: blob.put(tx, [b"octets"]))
        assert await store.read(lambda tx: blob.read(tx, blob_id)) == b"octets"


async def test_a_disk_that_is_full_is_not_filled_further_by_each_try(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        segment = store.profile.segment(1)

        def fails(tx: Transaction) -> None:
            blob.put(tx, [octets])
            raise apsw.FullError("no room for its row")

        octets = os.urandom(300_000)
        for _ in range(10):
            with pytest.raises(DoorError) as caught:
                await store.write(fails)
            assert caught.value.code == "disk-full"
        (blob_id,) = await store.write(lambda tx: blob.put(tx, [octets]))
        assert await store.read(lambda tx: blob.read(tx, blob_id)) == octets
        await store.index_words()
        assert segment.stat().st_size < 3 * len(octets)


async def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "mail.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(DoorError) as caught:
        Store(Profile.at(tmp_path), InlineExecutor())
    assert caught.value.code == "damaged"


async def test_the_log_of_a_large_step_shrinks_to_its_bound_though_a_reader_is_open(
    tmp_path: Path,
) -> None:
    """Else a first sync would leave a log of gigabytes beside the store (journal_size_limit)."""
    bound = 8 * 1024 * 1024
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        reader = SqliteReader(store.profile)
        log = store.profile.database.with_name(store.profile.database.name + "-wal")

        def large(tx: Transaction) -> None:
            inbox = inbox_of(tx, account_id)
            for number in range(6000):
                mailbox.add(tx, account_id, f"{number:04} {'x' * 3000}")
            tx.touch_mailboxes(account_id)
            tx.execute("UPDATE mailbox SET subscribed = 0 WHERE id <> ?", (inbox,))

        await store.write(large)
        assert log.stat().st_size > 2 * bound
        for number in range(3):
            assert len(reader.mailboxes()) > 6000
            await store.write(lambda tx, n=number: mailbox.add(tx, account_id, f"small {n}"))
        assert log.stat().st_size <= bound
        reader.close()


@pytest.mark.logs("closed as it is")
async def test_a_damaged_one_is_closed_all_the_same_and_let_go(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(number) for number in range(200)]))
    with closing(apsw.Connection(str(tmp_path / "mail.db"))) as connection:
        fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        leaves = fetch(
            connection,
            "SELECT pageno FROM dbstat WHERE pagetype = 'leaf' AND name = 'placement_by_date'",
        )
        connection.execute("DELETE FROM sqlite_stat1; DELETE FROM sqlite_stat4")
        fetch(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    with (tmp_path / "mail.db").open("r+b") as file:
        for (page,) in leaves:
            file.seek((page - 1) * 4096)
            file.write(b"\xaa" * 2000)
    for _ in range(2):
        async with open_store(tmp_path) as store:  # the lock is free the second time
            with pytest.raises(DoorError) as caught:
                await store.read(
                    lambda tx: tx.fetch(
                        "SELECT date_s FROM placement INDEXED BY placement_by_date"
                        " WHERE mailbox_id = ? AND shown = 1 ORDER BY date_s, id",
                        (inbox,),
                    )
                )
            assert caught.value.code == "damaged"


@pytest.mark.logs("closed as it is")
@pytest.mark.parametrize("fails", ["INSERT", "PRAGMA optimize"])
async def test_a_store_that_cannot_be_written_is_closed_all_the_same(
    fails: str, tmp_path: Path
) -> None:
    """An engine whose disk had failed ended with a traceback, and its work unfinished."""
    async with open_store(tmp_path) as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))
        await store.write(lambda tx: put(tx, inbox, [mail(1, body="zebra")]), words_later=True)

        def refuse(_cursor: object, sql: str, _bindings: object) -> bool:
            if sql.startswith(fails):
                raise apsw.IOError("disk I/O error")
            return True

        store._connection.exec_trace = refuse
    async with open_store(tmp_path) as store:  # the profile was let go, and nothing was lost
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(1,)]
