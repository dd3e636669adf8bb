"""The tables, and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from localserver.store.interface import Delivery
from localserver.store.schema import MAIL
from tests.helpers.account import PLAIN, a_store, an_account

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT uid, flags, modseq FROM entry WHERE mailbox=1 AND uid BETWEEN 1 AND 9 ORDER BY uid",
        "SELECT uid, answer.envelope FROM entry JOIN answer ON answer.message=entry.message"
        " WHERE mailbox=1 AND uid BETWEEN 1 AND 9 ORDER BY uid",
        "SELECT uid FROM expunged WHERE mailbox=1 AND modseq>4 ORDER BY uid",
        "SELECT uid FROM entry WHERE mailbox=1 AND modseq>4 ORDER BY uid",
    ],
)
async def test_every_query_of_a_mailbox_goes_by_its_key_and_sorts_nothing(sql: str) -> None:
    async with an_account(PLAIN) as account:
        plan = " / ".join(row[3] for row in account.query("EXPLAIN QUERY PLAN " + sql))
        assert "SCAN" not in plan
        assert "TEMP B-TREE" not in plan


async def test_answers_that_stood_with_the_message_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "users" / "alice" / "mail.db"
    path.parent.mkdir(parents=True)
    old = apsw.Connection(str(path))
    old.execute("PRAGMA page_size=8192")
    for step in MAIL.steps[:2]:
        old.execute(step)
    old.execute(f"PRAGMA user_version=2; PRAGMA application_id={MAIL.application_id}")
    old.execute(
        "INSERT INTO mailbox (id, name, uidvalidity, uidnext, messages)"
        " VALUES (1, 'INBOX', 7, 2, 1);"
        "INSERT INTO message VALUES (5, 1, 11, 13, 100, 0, x'31', x'32', x'33', 'a@x', 'b@x');"
        "INSERT INTO entry VALUES (1, 1, 0, 2, 5, 100)"
    )
    old.close()
    async with a_store(tmp_path) as store:
        account = await store.account("alice")
        assert account.query("SELECT * FROM answer") == [(5, b"1", b"2", b"3")]
        rows = account.query("SELECT * FROM message")
        assert rows == [(5, 1, 11, 13, 100, 0, "a@x", "b@x")]
        await account.summarise()
        assert account.query("SELECT count(*) FROM answer") == [(1,)]
        await store.deliver([Delivery("alice", PLAIN)])
        await account.summarise()
        assert account.query("SELECT message FROM answer") == [(5,), (6,)]
