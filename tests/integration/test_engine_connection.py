"""The engine's one connection: it hears news while it idles, and comes back when it is cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import FetchOctets, SendMessage, StoreFlags
from desktopmail.door.rows import ConnectionState, Flag
from desktopmail.net.dial import TcpDialer
from desktopmail.wire.imap.flags import FLAGGED
from desktopmail.wire.imap.sequence import UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, other_device, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.net.stream import Stream


async def test_mail_that_arrives_while_it_idles_is_there_without_being_asked_for(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await until(lambda: "IDLE" in server.transcript.commands(), "it idles")
            async with other_device(server) as device:
                await device.append("INBOX", mail(1))
                await until(lambda: bench.subjects() == ["Subject 1"], "the new message")
                await device.select("INBOX")
                await device.uid_store(UidSet.all(), StoreMode.ADD, [FLAGGED])
                await until(lambda: bench.rows()[0].flags == Flag.FLAGGED, "the flag")


async def test_a_connection_that_is_cut_while_it_rests_is_made_again(tmp_path: Path) -> None:
    fault = Fault(protocol="imap", command="IDLE", drop=True)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            server.deliver("alice", mail(1))
            await until(lambda: bench.subjects() == ["Subject 1"], "the message after the cut")
            assert bench.reader.problems() == []
            assert bench.reader.accounts()[0].state is not ConnectionState.FAILED


@pytest.mark.parametrize("command", ["SELECT", "UID FETCH", "LIST"])
async def test_a_cut_in_the_middle_of_a_look_loses_and_doubles_nothing(
    command: str, tmp_path: Path
) -> None:
    fault = Fault(protocol="imap", command=command, cut=40)
    with LocalServer(PASSWORDS, plan=[fault]) as server:
        for number in range(20):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await until(lambda: len(bench.rows()) == 20, "all messages, in a second try")
            assert len(set(bench.subjects())) == 20


async def test_an_account_has_one_connection_to_each_server_whatever_is_asked_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Providers count connections, and lock out who has many."""
    open_now: set[Stream] = set()
    most: dict[int, int] = {}
    dial = TcpDialer.dial

    async def counted(self: TcpDialer, host: str, port: int, **more: object) -> Stream:
        stream = await dial(self, host, port, **more)  # type: ignore[arg-type]
        open_now.add(stream)
        same = [one for one in open_now if one.peer == stream.peer and not one.is_closed]
        most[port] = max(most.get(port, 0), len(same))
        return stream

    monkeypatch.setattr(TcpDialer, "dial", counted)
    with LocalServer(PASSWORDS) as server:
        for number in range(20):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            rows = bench.rows()
            async with asyncio.TaskGroup() as group:
                for number in range(5):
                    group.create_task(bench.sync(account_id))
                    one = (rows[number].id,)
                    for command in (
                        StoreFlags(placement_ids=one, add=Flag.FLAGGED),
                        FetchOctets(placement_ids=one),
                        SendMessage(
                            account_id=account_id,
                            sender="alice@localhost",
                            recipients=("bob@localhost",),
                            octets=mail(100 + number),
                        ),
                    ):
                        group.create_task(bench.engine.command(command))
            await until(lambda: len(server.messages("bob")) == 5, "everything is sent")
            await bench.sync(account_id)
        assert most == {server.ports["imap"]: 1, server.ports["submission"]: 1}


async def test_a_change_made_here_is_told_while_it_idles(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await until(lambda: "IDLE" in server.transcript.commands(), "it idles")
            await bench.engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN)
            )
            await until(lambda: "\\Seen" in server.messages("alice")[0].flags, "the flag there")
