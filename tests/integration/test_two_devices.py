"""Two devices on one mailbox: what the other does meanwhile is taken over, and nothing is lost.

Here is offline while the other acts; then what was done here is told to a mailbox that is not the
one it was.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CreateMailbox,
    MoveMessages,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.rows import Flag
from desktopmail.wire.imap.flags import DELETED, FLAGGED, SEEN
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId

LEVELS = [
    pytest.param((), id="QRESYNC"),
    pytest.param(("QRESYNC",), id="CONDSTORE"),
    pytest.param(("QRESYNC", "CONDSTORE", "ESEARCH"), id="plain"),
    pytest.param(("MOVE", "UIDPLUS", "IMAP4REV2"), id="without-MOVE-and-UIDPLUS"),
]
COUNT = 10


def everything_shown(bench: Bench, account_id: AccountId) -> list[str]:
    return sorted(
        row.subject
        for box in bench.reader.mailboxes(account_id)
        for row in bench.rows(box.path, account_id)
    )


def everything_there(server: LocalServer, *paths: str) -> list[str]:
    return sorted(one.subject for path in paths for one in server.messages("alice", path))


async def offline(bench: Bench, value: bool) -> None:
    await bench.engine.command(SetOffline(offline=value))


async def move(bench: Bench, subject: str, path: str) -> None:
    await bench.engine.command(
        MoveMessages(placement_ids=(bench.placed(subject),), mailbox_id=bench.mailbox(path))
    )


async def settle(bench: Bench, account_id: AccountId) -> None:
    """Look often enough that what is refused has been refused for the last time."""
    for _ in range(8):
        await bench.sync(account_id)


@pytest.mark.parametrize("without", LEVELS)
async def test_what_the_other_removed_moved_and_flagged_wins_over_what_waited_here(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(COUNT):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await offline(bench, True)
            for number in range(3):
                await move(bench, f"Subject {number}", "Trash")
            for number in (3, 4):
                await bench.engine.command(
                    StoreFlags(placement_ids=(bench.placed(f"Subject {number}"),), add=Flag.FLAGGED)
                )
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_copy(UidSet.of([Uid(1)]), "Archive")  # moved: Subject 0
                await device.uid_store(
                    UidSet.of([Uid(1), Uid(2), Uid(4)]), StoreMode.ADD, [DELETED]
                )
                await device.expunge()  # Subjects 0, 1 and 3
                await device.uid_store(UidSet.of([Uid(5), Uid(6)]), StoreMode.ADD, [SEEN])
            await offline(bench, False)
            await settle(bench, account_id)
            assert everything_there(server, "INBOX") == [
                f"Subject {number}" for number in (4, 5, 6, 7, 8, 9)
            ]
            assert everything_there(server, "Archive") == ["Subject 0"]
            assert everything_there(server, "Trash") == ["Subject 2"]
            assert everything_shown(bench, account_id) == everything_there(
                server, "INBOX", "Archive", "Trash"
            )
            (row,) = [row for row in bench.rows() if row.subject == "Subject 4"]
            assert row.flags == Flag.FLAGGED | Flag.SEEN
            assert bench.reader.operations() == []


@pytest.mark.parametrize("without", LEVELS)
async def test_a_mailbox_that_the_other_renamed_keeps_its_mail_and_gets_what_waited(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(COUNT):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(CreateMailbox(account_id=account_id, name="Work"))
            await move(bench, "Subject 0", "Work")
            await settle(bench, account_id)
            await offline(bench, True)
            inside = next(row.id for row in bench.rows("Work"))
            await bench.engine.command(StoreFlags(placement_ids=(inside,), add=Flag.FLAGGED))
            await move(bench, "Subject 1", "Work")
            async with other_device(server) as device:
                await device.rename("Work", "Jobs")
            await offline(bench, False)
            await settle(bench, account_id)
            assert bench.reader.operations() == []
            there = {one.subject: one.flags for one in server.messages("alice", "Jobs")}
            assert there.keys() == {"Subject 0", "Subject 1"}
            assert "\\Flagged" in there["Subject 0"]
            assert everything_there(server, "INBOX", "Jobs") == sorted(
                f"Subject {number}" for number in range(COUNT)
            )
            assert everything_shown(bench, account_id) == everything_there(server, "INBOX", "Jobs")


@pytest.mark.parametrize("without", LEVELS)
async def test_both_at_the_same_time_end_with_the_same(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(40):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)

            async def there() -> None:
                async with other_device(server) as device:
                    await device.select("INBOX")
                    for uid in range(21, 41):
                        one = UidSet.of([Uid(uid)])
                        await device.uid_store(one, StoreMode.ADD, [FLAGGED])
                        if uid % 3 == 0:
                            await device.uid_copy(one, "Archive")
                            await device.uid_store(one, StoreMode.ADD, [DELETED])
                        if uid % 6 == 0 and device.offers("UIDPLUS"):
                            await device.uid_expunge(UidSet.span(21, 40))
                    await device.expunge()

            async def here() -> None:
                for number in range(20):
                    if number % 2:
                        await move(bench, f"Subject {number}", "Trash")
                    else:
                        await bench.engine.command(
                            StoreFlags(
                                placement_ids=(bench.placed(f"Subject {number}"),), add=Flag.SEEN
                            )
                        )
                    await bench.sync(account_id)

            await asyncio.gather(there(), here())
            await settle(bench, account_id)
            places = ("INBOX", "Archive", "Trash")
            assert everything_there(server, *places) == sorted(
                f"Subject {number}" for number in range(40)
            )
            for path in places:
                shown = [(row.subject, bool(row.flags & Flag.FLAGGED)) for row in bench.rows(path)]
                assert sorted(shown) == sorted(
                    (one.subject, "\\Flagged" in one.flags)
                    for one in server.messages("alice", path)
                )
            assert bench.reader.operations() == []
