"""The doctor finds what is wrong, and puts right what can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import View
from desktopmail.engine import doctor
from desktopmail.net.ports import system_ports
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_sound_store_has_no_findings(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        assert await doctor.examine(store, system_ports(), repair=False) == []


async def test_wrong_counts_are_found_and_put_right(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        await store.write(lambda tx: tx.execute("UPDATE mailbox_total SET total = 99, unread = 7"))
        assert (
            "counts of 3 mailboxes are wrong"
            in (await doctor.examine(store, system_ports(), repair=False))[0]
        )
        assert "right now" in (await doctor.examine(store, system_ports(), repair=True))[0]
        assert await doctor.examine(store, system_ports(), repair=False) == []
        reader = SqliteReader(store.profile)
        assert [(row.total, row.unread) for row in reader.mailboxes()] == [(2, 2), (0, 0), (0, 0)]
        reader.close()


async def test_the_word_index_is_built_again(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(
            lambda tx: put(tx, inbox_of(tx, account_id), [mail(1, body="needle"), mail(2)])
        )
        await store.write(lambda tx: tx.execute("INSERT INTO words (words) VALUES ('delete-all')"))
        await store.write(
            lambda tx: tx.execute("INSERT INTO word_queue (message_id) SELECT id FROM message")
        )
        reader = SqliteReader(store.profile)
        assert reader.count(View(query="needle")) == 0
        assert (
            "2 messages are not in the word index"
            in (await doctor.examine(store, system_ports(), repair=False))[0]
        )
        await doctor.examine(store, system_ports(), repair=True)
        assert reader.count(View(query="needle")) == 1
        reader.close()


async def test_lost_octets_are_named(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        await store.write(lambda tx: tx.execute("UPDATE blob SET position = 77 WHERE id = 1"))
        findings = await doctor.examine(store, system_ports(), repair=False)
        assert findings == ["The octets of 1 messages are missing or damaged."]
