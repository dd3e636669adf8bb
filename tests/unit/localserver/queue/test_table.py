from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from desktopmail.net.ports import ThreadExecutor
from desktopmail.wire.smtp.mail import Ret
from desktopmail.wire.smtp.rcpt import Notify, OriginalRecipient
from localserver.queue.outbound import Outgoing, OutgoingRecipient
from localserver.queue.table import SCHEMA, Later, QueueTable
from localserver.store.database import Database, open_database

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MESSAGE = Outgoing(
    "abc",
    "a@b.example",
    (
        OutgoingRecipient("c@d.example", frozenset({Notify.DELAY, Notify.FAILURE})),
        OutgoingRecipient("e@f.example", None, OriginalRecipient("rfc822", "x@y.example")),
    ),
    b"octets\0",
    user="alice",
    ret=Ret.HEADERS,
    envid="Q",
    smtputf8=True,
    requiretls=True,
)


async def opened(path: Path | None) -> tuple[Database, QueueTable]:
    database = await open_database(path, SCHEMA, ThreadExecutor())
    return database, QueueTable(database)


@pytest.mark.parametrize("on_disk", [False, True])
async def test_what_is_added_survives_and_comes_back(tmp_path: Path, on_disk: bool) -> None:
    path = tmp_path / "queue.sqlite" if on_disk else None
    database, table = await opened(path)
    number = await table.add(MESSAGE, NOW)
    if on_disk:
        await database.aclose()
        database, table = await opened(path)
    (due,) = table.due(NOW)
    assert (due.id, due.arrived, due.message) == (number, NOW, MESSAGE)
    assert [each.recipient for each in due.recipients] == list(MESSAGE.recipients)
    assert table.next_try() == NOW
    await database.aclose()


async def test_recipients_are_settled_one_by_one() -> None:
    database, table = await opened(None)
    number = await table.add(MESSAGE, NOW)
    later = NOW + timedelta(minutes=5)
    await table.settle(number, [0], [Later(1, later, "451 busy", warned=True)])
    assert table.due(NOW) == []
    (due,) = table.due(later)
    (queued,) = due.recipients
    assert (queued.position, queued.tries, queued.warned) == (1, 1, True)
    (item,) = table.waiting()
    assert (item.recipient, item.last_error, item.next_try) == ("e@f.example", "451 busy", later)
    await table.settle(number, [1], [])
    assert table.waiting() == []
    assert table.load(number, NOW) is None
    assert table.next_try() is None
    await database.aclose()


async def test_retry_release_and_drop() -> None:
    from dataclasses import replace

    database, table = await opened(None)
    number = await table.add(replace(MESSAGE, hold=True), NOW)
    assert table.due(NOW) == []
    assert table.next_try() is None
    assert table.waiting()[0].held
    assert await table.make_due(number, NOW, release=True) == 2
    assert len(table.due(NOW)) == 1
    later = NOW + timedelta(hours=1)
    await table.settle(number, [], [Later(0, later, "", warned=False)])
    assert await table.make_due(None, NOW) == 2
    assert len(table.due(NOW)[0].recipients) == 2
    loaded = table.load(number, NOW)
    assert loaded is not None
    assert len(loaded.recipients) == 2
    assert await table.drop(number) == 2
    assert await table.drop(number) == 0
    assert table.waiting() == []
    await database.aclose()
