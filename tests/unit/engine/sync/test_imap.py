"""One IMAP connection for an account: brought up to date, then waiting for news."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import DeleteMessages, StoreFlags
from desktopmail.door.rows import Flag
from desktopmail.engine.sync import imap
from desktopmail.wire.imap.flags import DELETED, FLAGGED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_another_device_does_is_seen_while_we_idle(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [FLAGGED])
                await device.uid_store(UidSet.of([Uid(2)]), StoreMode.ADD, [DELETED])
                await device.uid_expunge(UidSet.of([Uid(2)]))
            await until(
                lambda: (
                    [(row.subject, row.flags) for row in bench.rows()]
                    == [("Subject 0", Flag.FLAGGED), ("Subject 2", Flag.NONE)]
                ),
                "what the other device did",
            )


async def test_what_vanished_while_we_idled_is_hidden_and_not_removed_at_once(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
                await device.uid_expunge(UidSet.of([Uid(1)]))
            await until(lambda: bench.subjects() == ["Subject 1"], "the VANISHED")
            await bench.sync(account_id)
            await bench.sync(account_id)
            assert bench.subjects() == ["Subject 1"]


@pytest.mark.parametrize("without", [(), ("QRESYNC",), ("QRESYNC", "CONDSTORE")])
async def test_a_pending_deletion_never_meets_another_message_after_a_lost_uidvalidity(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """The UIDs of the journal are void then; that of another message may be the same."""
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            # the deletion is journaled while the server cannot be reached
            server.add_fault(Fault(protocol="imap", command="GREETING", drop=True))
            at_work = bench.engine._working[account_id]
            assert at_work.imap is not None
            await at_work.imap.leave()
            server.add_fault(
                Fault(protocol="imap", command="SELECT", argument="INBOX", uidvalidity=True)
            )
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
            )
            await until(lambda: len(server.messages("alice")) == 3, "the deletion")
            await bench.sync(account_id)
            assert [one.subject for one in server.messages("alice")] == [
                "Subject 0", "Subject 2", "Subject 3",
            ]  # fmt: skip
            assert bench.subjects() == ["Subject 0", "Subject 2", "Subject 3"]
            assert bench.reader.operations() == []


async def test_a_lost_connection_is_made_again_by_itself(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.add_fault(Fault(protocol="imap", command="UID STORE", reset=True))
            server.deliver("alice", mail(1))
            await bench.sync(account_id)
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN)
            )
            await until(lambda: bench.reader.operations() == [], "the flag told in the end")
            assert server.messages("alice")[0].is_seen


async def test_a_mailbox_that_cannot_be_opened_does_not_stop_the_others(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1), mailbox="Trash")
        server.add_fault(
            Fault(
                protocol="imap", command="SELECT", argument="Sent", reply="NO not now", times=None
            )
        )
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            assert bench.subjects("Trash") == ["Subject 1"]


def test_idling_is_shorter_than_servers_and_routers_wait() -> None:
    assert imap.IDLE_S < 5 * 60 < 29 * 60
