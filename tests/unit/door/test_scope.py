"""Where a server has more than is here: what is not seen to its end, or whose octets stay there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import Kind
from desktopmail.door.scope import partly_here
from desktopmail.engine.store import schema
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("change", "is_partly_here"),
    [
        ("complete = 1", False),
        ("complete = 0", True),
        ("complete = 1, policy = 'everything'", False),
        ("complete = 1, policy = 'headers'", True),
        ("complete = 1, policy = 'days:30'", True),
        ("complete = 1, withheld = 1", True),
        ("complete = 0, local = 1", False),
        ("complete = 0, selectable = 0", False),
        ("complete = 0, hidden = 1", False),
    ],
)
async def test_a_mailbox_is_partly_here(tmp_path: Path, change: str, is_partly_here: bool) -> None:
    async with open_store(tmp_path) as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))
        await store.write(lambda tx: tx.execute("UPDATE mailbox SET complete = 1"))
        await store.write(
            lambda tx: tx.execute(f"UPDATE mailbox SET {change} WHERE id = {inbox}")  # noqa: S608 - of this test
        )
        reader = SqliteReader(store.profile)
        assert reader.partly_here() == ([inbox] if is_partly_here else [])
        assert reader.partly_here([inbox]) == ([inbox] if is_partly_here else [])
        reader.close()


async def test_octets_that_are_still_to_come_count(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        inbox = await store.write(lambda tx: inbox_of(tx, add_account(tx)))
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.write(lambda tx: tx.execute("UPDATE mailbox SET complete = 1"))
        await store.write(lambda tx: tx.execute("UPDATE placement SET wanted = 0"))
        reader = SqliteReader(store.profile)
        assert reader.partly_here() == []
        await store.write(lambda tx: tx.execute("UPDATE placement SET wanted = 1"))
        assert reader.partly_here() == [inbox]
        reader.close()


async def test_what_a_pop3_server_has_cannot_be_asked_for(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(lambda tx: add_account(tx, kind=Kind.POP3))
        reader = SqliteReader(store.profile)
        assert reader.partly_here() == []
        reader.close()


def test_it_reads_no_message() -> None:
    connection = apsw.Connection(":memory:")
    schema.upgrade(connection)
    steps = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + partly_here([1, 2]))]
    assert any("placement_wanted" in step for step in steps)
    assert not any(step.startswith("SCAN w") for step in steps), steps
