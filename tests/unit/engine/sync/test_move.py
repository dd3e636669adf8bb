"""Moves and copies are counted as done only where they are proved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import MoveMessages
from desktopmail.wire.imap.flags import flag
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, relayed_engine, running_engine
from tests.helpers.relay import Relay
from tests.helpers.store import mail
from tests.helpers.told import settled, shown_is_there, there

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_move_that_was_cut_short_is_found_done_and_not_done_twice(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            junk, inbox = bench.mailbox("Junk"), bench.mailbox()
            ids = (bench.placed("Subject 0"), bench.placed("Subject 1"))

            # As a kill between the server's doing and our hearing of it leaves the journal.
            def cut(tx) -> None:  # noqa: ANN001
                from desktopmail.engine import journal

                journal.move(tx, ids, junk)
                tx.execute(
                    "UPDATE operation SET state = 'running',"
                    " arguments = json_set(arguments, '$.uidnext', 1)"
                )

            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_move(UidSet.of([Uid(1)]), "Junk")
            await bench.engine.store.write(cut)
            await settled(bench)
            assert there(server) == ["Subject 2"]
            assert there(server, "Junk") == ["Subject 0", "Subject 1"]
            shown_is_there(bench, server, "INBOX", "Junk")
            assert inbox != junk


async def test_a_message_that_another_device_removed_ends_its_operation(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [flag("\\Deleted")])
                await device.expunge()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 0"), bench.placed("Subject 1")),
                    mailbox_id=bench.mailbox("Junk"),
                )
            )
            await settled(bench)
            assert there(server, "Junk") == ["Subject 1"]
            shown_is_there(bench, server, "INBOX", "Junk")


@pytest.mark.parametrize("without", [(), ("MOVE", "IMAP4REV2"), ("MOVE", "UIDPLUS", "IMAP4REV2")])
async def test_a_tagged_ok_proves_no_copy_and_removes_nothing(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """RFC 9051 section 6.4.9: the server says OK and has copied nothing."""
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(1))
        for verb in ("UID MOVE", "UID COPY"):
            server.add_fault(Fault(protocol="imap", command=verb, reply="OK done", times=None))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await bench.sync()
            assert there(server) == ["Subject 1"]
            assert bench.subjects() == ["Subject 1"]
            assert bench.subjects("Junk") == []
            (failed,) = bench.reader.operations()
            assert failed.state == "failed"


@pytest.mark.parametrize("without", [(), ("MOVE", "IMAP4REV2")])
async def test_a_server_that_tells_of_messages_nobody_asked_for_has_none_of_them_removed(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """COPYUID names what was copied; one that names more proves nothing of the rest."""

    def lie(line: bytes) -> bytes:
        return re.sub(rb"\[COPYUID (\d+) 1 1\]", rb"[COPYUID \1 1:3 1:3]", line)

    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        relay = Relay(server.ports["imap"], lie)
        async with relayed_engine(tmp_path, server, relay) as (bench, _):
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 0"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await settled(bench)
            assert there(server) == ["Subject 1", "Subject 2"]
            assert there(server, "Junk") == ["Subject 0"]
            shown_is_there(bench, server, "INBOX", "Junk")
