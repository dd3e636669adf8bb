"""What was deleted for good by POP3 is shown by IMAP, and out of the way by POP3 again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    DeleteMessages,
    LeaveOnServer,
    StoreFlags,
)
from desktopmail.door.rows import Flag, Kind
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId

COUNT = 3
LEFT = ["Subject 0", "Subject 2"]
ALL = ["Subject 0", "Subject 1", "Subject 2"]


async def purge(bench: Bench, subject: str, path: str = "INBOX") -> None:
    """Delete a message, and once more in the Trash."""
    if path != "Trash":
        await bench.engine.command(DeleteMessages(placement_ids=(bench.placed(subject, path),)))
    await bench.engine.command(DeleteMessages(placement_ids=(bench.placed(subject, "Trash"),)))


async def begin(server: LocalServer, bench: Bench) -> AccountId:
    for number in range(COUNT):
        server.deliver("alice", mail(number))
    account_id = await bench.add(server, kind=Kind.POP3)
    await bench.sync(account_id)
    await purge(bench, "Subject 1")
    await bench.sync(account_id)
    return account_id


@pytest.mark.parametrize("without", [(), ("TOP",), ("UIDL",)])
async def test_by_imap_the_server_is_the_truth_and_by_pop3_it_stays_deleted(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await begin(server, bench)
            assert (bench.subjects(), bench.subjects("Trash")) == (LEFT, [])
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            assert (bench.subjects(), bench.subjects("Trash")) == (ALL, [])
            await bench.switch(server, account_id, Kind.POP3, syncs=2)
            assert (bench.subjects(), bench.subjects("Trash")) == (LEFT, ["Subject 1"])
            await purge(bench, "Subject 1", "Trash")
            await bench.sync(account_id)
            assert (bench.subjects(), bench.subjects("Trash")) == (LEFT, [])
            assert len(server.messages("alice")) == COUNT


async def test_what_was_marked_meanwhile_stays_and_goes_with_its_deletion(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await begin(server, bench)
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.FLAGGED)
            )
            await bench.switch(server, account_id, Kind.POP3, syncs=2)
            assert (bench.subjects(), bench.subjects("Trash")) == (ALL, [])
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="until-deleted"))
            await purge(bench, "Subject 1")
            await bench.sync(account_id)
            assert sorted(one.subject for one in server.messages("alice")) == LEFT


async def test_an_equal_one_that_came_later_stays(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await begin(server, bench)
            server.deliver("alice", mail(1))
            await bench.sync(account_id)
            assert bench.subjects() == ALL
            for kind in (Kind.IMAP, Kind.POP3):
                await bench.switch(server, account_id, kind, syncs=2)
            assert (bench.subjects(), bench.subjects("Trash")) == (ALL, ["Subject 1"])


async def test_of_two_equal_ones_that_were_deleted_both_are_out_of_the_way(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await begin(server, bench)
            await purge(bench, "Subject 1")
            await bench.sync(account_id)
            assert bench.subjects() == LEFT
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            assert bench.subjects() == sorted([*ALL, "Subject 1"])
            await bench.switch(server, account_id, Kind.POP3, syncs=2)
            assert (bench.subjects(), bench.subjects("Trash")) == (LEFT, ["Subject 1"] * 2)


@pytest.mark.parametrize("without", [(), ("TOP",), ("UIDL",)])
async def test_of_two_equal_ones_the_one_that_was_deleted_is_out_of_the_way(
    tmp_path: Path, without: tuple[str, ...]
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in (0, 1, 1, 2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await purge(bench, "Subject 1")
            await bench.sync(account_id)
            assert bench.subjects() == ALL
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            assert bench.subjects() == sorted([*ALL, "Subject 1"])
            await bench.switch(server, account_id, Kind.POP3, syncs=2)
            assert (bench.subjects(), bench.subjects("Trash")) == (ALL, ["Subject 1"])


async def test_of_two_equal_ones_the_marked_one_stays(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for _ in range(2):
            server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await purge(bench, "Subject 1")
            await bench.switch(server, account_id, Kind.IMAP, syncs=2)
            newest = max(row.id for row in bench.rows())
            await bench.engine.command(StoreFlags(placement_ids=(newest,), add=Flag.FLAGGED))
            await bench.switch(server, account_id, Kind.POP3, syncs=2)
            assert [row.flags & Flag.FLAGGED for row in bench.rows()] == [Flag.FLAGGED]
            assert bench.subjects("Trash") == ["Subject 1"]


async def test_of_two_equal_ones_one_is_deleted_at_the_server_with_the_one_here(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for _ in range(2):
            server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            await bench.engine.command(LeaveOnServer(account_id=account_id, policy="until-deleted"))
            for left in (1, 0):
                await purge(bench, "Subject 1")
                await bench.sync(account_id)
                assert len(server.messages("alice")) == left
                assert len(bench.rows()) == left


async def test_what_another_account_keeps_is_out_of_the_way_in_this_one(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(COUNT):
            server.deliver("alice", mail(number))
        server.deliver("bob", mail(1))
        async with running_engine(tmp_path) as bench:
            other = await bench.add(server, "bob", kind=Kind.POP3)
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync()
            for path in ("INBOX", "Trash"):
                (row,) = [one for one in bench.rows(path, account_id) if one.subject == "Subject 1"]
                await bench.engine.command(DeleteMessages(placement_ids=(row.id,)))
            for kind in (Kind.IMAP, Kind.POP3):
                await bench.switch(server, account_id, kind, syncs=2)
            assert bench.subjects("INBOX", account_id) == LEFT
            assert bench.subjects("Trash", account_id) == ["Subject 1"]
            assert bench.subjects("INBOX", other) == ["Subject 1"]
