"""Never EXPUNGE more than we marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    DeleteMailbox,
    DeleteMessages,
    EmptyMailbox,
    MoveMessages,
    SetOffline,
)
from desktopmail.engine.sync import expunge
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, running_engine
from tests.helpers.store import mail
from tests.helpers.told import flags_there, there

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_UIDPLUS = ("UIDPLUS", "IMAP4REV2")


def subjects(server: LocalServer) -> list[str]:
    return [one.subject for one in server.messages("alice")]


@pytest.mark.parametrize("without", [(), WITHOUT_UIDPLUS])
async def test_what_we_marked_is_removed_and_nothing_else(without: tuple[str, ...]) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with other_device(server) as client:
            await client.select("INBOX")
            assert await expunge.remove(client, [2, 3])
        assert subjects(server) == ["Subject 0", "Subject 3"]


async def test_what_another_client_marked_is_never_removed_with_ours() -> None:
    with LocalServer(PASSWORDS, without=WITHOUT_UIDPLUS) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with other_device(server) as other, other_device(server) as client:
            await other.select("INBOX")
            await other.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
            await client.select("INBOX")
            assert not await expunge.remove(client, [2])
        assert subjects(server) == [f"Subject {n}" for n in range(4)]
        assert "\\Deleted" in server.messages("alice")[1].flags  # hidden by whoever looks
        said = [line.split()[0].upper() for line in server.transcript.commands() if line.strip()]
        assert "EXPUNGE" not in said
        assert "CLOSE" not in said


async def test_with_uidplus_what_others_marked_does_not_matter() -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with other_device(server) as client:
            await client.select("INBOX")
            await client.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
            assert await expunge.remove(client, [2])
        assert subjects(server) == ["Subject 0", "Subject 2"]


@pytest.mark.parametrize("without", [(), WITHOUT_UIDPLUS])
async def test_what_is_gone_already_is_no_error(without: tuple[str, ...]) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(0))
        async with other_device(server) as client:
            await client.select("INBOX")
            assert await expunge.remove(client, [77])
        assert subjects(server) == ["Subject 0"]


@pytest.mark.parametrize("without", [WITHOUT_UIDPLUS, (*WITHOUT_UIDPLUS, "MOVE")])
async def test_what_is_only_marked_as_deleted_is_hidden_and_that_is_said(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 2"),), permanently=True)
            )
            await bench.sync()
            assert there(server) == [f"Subject {n}" for n in range(4)]  # all still there
            assert "\\Deleted" in flags_there(server, "Subject 2")
            assert bench.subjects() == ["Subject 1", "Subject 3"]  # what is marked stays hidden
            (problem,) = bench.reader.problems()
            assert problem.service == expunge.SERVICE
            assert "INBOX is only marked so at the server" in problem.what
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.expunge()
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 3"),), permanently=True)
            )
            await bench.sync()
            assert there(server) == ["Subject 1"]
            assert bench.reader.problems() == []


@pytest.mark.parametrize("without", [(), WITHOUT_UIDPLUS, (*WITHOUT_UIDPLUS, "MOVE", "UNSELECT")])
async def test_close_is_never_said_for_it_expunges_without_asking(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """RFC 9051 section 6.4.1: whatever anybody has marked would go with it."""
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(6):
            server.deliver("alice", mail(number))
            server.deliver("alice", mail(10 + number), mailbox="Junk")
        async with running_engine(tmp_path) as bench, other_device(server) as device:
            await bench.add(server)
            await bench.sync()
            for path in ("INBOX", "Junk"):
                await device.select(path)
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
            archive = bench.mailbox("Archive")
            for command in (
                MoveMessages(placement_ids=(bench.placed("Subject 1"),), mailbox_id=archive),
                CopyMessages(placement_ids=(bench.placed("Subject 2"),), mailbox_id=archive),
                DeleteMessages(placement_ids=(bench.placed("Subject 3"),)),
                DeleteMessages(placement_ids=(bench.placed("Subject 4"),), permanently=True),
                EmptyMailbox(mailbox_id=bench.mailbox("Trash")),
            ):
                await bench.engine.command(command)
                await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync()
            await bench.engine.command(DeleteMailbox(mailbox_id=archive))
            await bench.sync()
        said = [line.split()[0].upper() for line in server.transcript.commands() if line.strip()]
        assert "SELECT" in said
        assert "LOGOUT" in said
        assert "CLOSE" not in said
        assert "Subject 0" in there(server)  # marked by the other device, removed by nobody
        assert "Subject 10" in there(server, "Junk")
