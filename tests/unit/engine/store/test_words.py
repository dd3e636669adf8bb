"""The word index in large steps: ids in the order of dates, and a queue that survives a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.changes import AnyChange, MessagesChanged
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Flag, View
from desktopmail.door.view import WORDS_SLOTS, first_words_id
from desktopmail.engine import summary
from desktopmail.engine.indexing import index_octets, index_waiting
from desktopmail.engine.store import blob, message, placement, words
from desktopmail.engine.store import store as store_module
from desktopmail.engine.store.store import Store
from desktopmail.net.ports import InlineExecutor, system_ports
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import PlacementId
    from desktopmail.engine.store.store import Transaction


async def found(store: Store, word: str) -> int:
    rows = await store.read(lambda tx: tx.fetch("SELECT 1 FROM words WHERE words MATCH ?", (word,)))
    return len(rows)


async def count_waiting(store: Store) -> int:
    return await store.read(words.count_waiting)


def place(tx: Transaction, *bodies: str) -> list[PlacementId]:
    inbox = inbox_of(tx, add_account(tx))
    return put(tx, inbox, [mail(n, body=body) for n, body in enumerate(bodies, 1)])


async def test_words_left_for_later_are_found_after_the_larger_step(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: place(tx, "zebra", "quagga"), words_later=True)
        assert (await found(store, "zebra"), await count_waiting(store)) == (0, 2)
        await store.index_words()
        assert (await found(store, "zebra"), await found(store, "quagga")) == (1, 1)
        assert await count_waiting(store) == 0


async def test_after_many_messages_the_log_of_the_store_is_folded_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "_FOLD_AT", 2)
    async with open_store(tmp_path) as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))

        async def come(*numbers: int) -> int:
            """Let messages come, and return how large the log is then."""
            mails = [mail(number) for number in numbers]
            await store.write(lambda tx: put(tx, inbox, mails, first_uid=None), words_later=True)
            await store.index_words()
            log = store.profile.database.with_name(store.profile.database.name + "-wal")
            return log.stat().st_size

        assert await come(1) > 0
        reader = SqliteReader(store.profile)
        reader._connection.execute("BEGIN; SELECT count(*) FROM message").fetchall()
        assert await come(2) > 0  # somebody reads: nobody waits
        reader._connection.execute("COMMIT")
        assert await come(3, 4) == 0
        assert len(reader.window(View(), 0, 9)) == 4
        reader.close()


async def test_what_a_crash_left_in_the_queue_is_indexed_from_the_octets(tmp_path: Path) -> None:
    first = Store(Profile.at(tmp_path), InlineExecutor())
    await first.write(lambda tx: place(tx, "zebra"), words_later=True)
    first._words.clear()  # what dies with the process
    await first.aclose()
    async with open_store(tmp_path) as store:
        assert (await found(store, "zebra"), await count_waiting(store)) == (0, 1)
        await index_waiting(store, system_ports())
        assert (await found(store, "zebra"), await count_waiting(store)) == (1, 0)


async def test_a_message_that_went_while_its_words_waited_is_not_found(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        placed = await store.write(lambda tx: place(tx, "zebra", "quagga"), words_later=True)
        await store.write(lambda tx: placement.remove(tx, placed[:1]))
        await store.index_words()
        assert (await found(store, "zebra"), await found(store, "quagga")) == (0, 1)


async def test_words_that_came_meanwhile_are_not_indexed_twice(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: place(tx, "zebra"), words_later=True)
        await index_waiting(store, system_ports())
        await store.index_words()
        assert await found(store, "zebra") == 1
        integrity = "INSERT INTO words (words) VALUES ('integrity-check')"
        await store.write(lambda tx: tx.execute(integrity))


async def test_a_step_that_fails_leaves_no_words(tmp_path: Path) -> None:
    def fail(tx: Transaction) -> None:
        place(tx, "zebra")
        raise KeyError

    async with open_store(tmp_path) as store:
        with pytest.raises(KeyError):
            await store.write(fail, words_later=True)
        await store.index_words()
        assert (await found(store, "zebra"), await count_waiting(store)) == (0, 0)


def _given(tx: Transaction, dates: list[int]) -> list[int]:
    ids = words.ids_for(tx, dates)
    first = tx.reserve("message")
    tx.execute_many(
        "INSERT INTO message (id, header_digest, message_id, subject, sender_name, sender_address,"
        " recipients, date_s, size, attachment, preview, thread_id, words_id)"
        " VALUES (?, x'', '', '', '', '', '', ?, 1, 0, '', 1, ?)",
        [(first + n, date_s, ids[n]) for n, date_s in enumerate(dates)],
    )
    return ids


async def test_ids_of_one_second_are_its_own_in_whatever_step_they_come(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        one = await store.write(lambda tx: _given(tx, [5, 7, 5]))
        other = await store.write(lambda tx: _given(tx, [5, 6]))
        first = first_words_id(5)
        assert one == [first, first_words_id(7), first + 1]
        assert other == [first + 2, first_words_id(6)]


@pytest.mark.parametrize("step", [1, 7, 200])
async def test_a_second_with_more_messages_than_ids_takes_some_behind(
    step: int, tmp_path: Path
) -> None:
    count = 3 * WORDS_SLOTS + 8
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: _given(tx, [6, 8]))
        ids: list[int] = []
        for start in range(0, count, step):
            dates = [5] * min(step, count - start)
            ids += await store.write(lambda tx, dates=dates: _given(tx, dates))
        assert len(set(ids)) == count
        assert max(ids) <= first_words_id(5) + 2 * count
        later = await store.write(lambda tx: _given(tx, [6]))
        assert later[0] not in ids


async def test_a_message_completed_while_its_header_waits_has_the_words_of_both(
    tmp_path: Path,
) -> None:
    octets = mail(1, subject="okapi", body="zebra")
    async with open_store(tmp_path) as store:

        def header(tx: Transaction) -> None:
            block = octets[: octets.index(b"\r\n\r\n") + 4]
            message.keep(tx, summary.of_header(block), blob_id=None, size=len(octets), arrived_s=1)

        await store.write(header, words_later=True)
        await store.write(lambda tx: put(tx, inbox_of(tx, add_account(tx)), [octets]))
        await store.index_words()
        assert (await found(store, "zebra"), await found(store, "okapi")) == (1, 1)


async def test_a_step_is_durable_though_words_behind_it_cannot_be_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its caller was told that nothing was stored, and what it had come to know was lost."""
    monkeypatch.setattr(store_module, "_WORDS_AT_ONCE", 1)
    async with open_store(tmp_path) as store:
        told: list[AnyChange] = []
        store.listen(told.append)

        def refuse(_cursor: object, sql: str, _bindings: object) -> bool:
            if sql.startswith("INSERT INTO words"):
                raise apsw.FullError("database or disk is full")
            return True

        store._connection.exec_trace = refuse
        placed = await store.write(lambda tx: place(tx, "zebra"), words_later=True)
        assert placed == [1]
        assert any(isinstance(one, MessagesChanged) for one in told)
        assert store.trouble.what.startswith("The disk is full")
        with pytest.raises(DoorError, match="The disk is full"):
            await store.index_words()
        store._connection.exec_trace = None
        await store.index_words()  # it is said once
        assert (await found(store, "zebra"), await count_waiting(store)) == (0, 1)
        await index_waiting(store, system_ports())
        assert (await found(store, "zebra"), await count_waiting(store)) == (1, 0)


async def test_a_message_whose_octets_wait_to_be_read_is_not_indexed_by_its_header_before(
    tmp_path: Path,
) -> None:
    """Else it would wait no more, and what is in it would never be found."""
    octets = mail(1, subject="giraffe", body="zebra")
    head = octets[: octets.index(b"\r\n\r\n") + 4]

    def come(tx: Transaction, blob_id: int | None) -> None:
        row = summary.of_header(head)._replace(header=b"" if blob_id else head)
        kept = message.keep(tx, row, blob_id=blob_id, size=len(octets), arrived_s=1)
        placement.add(tx, inbox_of(tx, AccountId(1)), kept, uid=None, flags=Flag.NONE, arrived_s=1)

    async with open_store(tmp_path) as store:
        await store.write(add_account)
        await store.write(lambda tx: come(tx, None), words_later=True)
        await store.write(lambda tx: come(tx, blob.put(tx, [octets])[0]), words_later=True)
        await store.index_words()
        assert await count_waiting(store) == 1
        await index_octets(store, system_ports())
        assert (await found(store, "zebra"), await found(store, "giraffe")) == (1, 1)
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(1,)]
