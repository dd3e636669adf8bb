"""What works for an account ends and begins again, and goes on after a fault of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import SendMessage, SetOffline
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import EngineStatus, FetchRemoteImage, ReadStatus
from desktopmail.door.rows import ConnectionState, SendingState
from desktopmail.engine import working
from desktopmail.engine.outbox import Outbox
from desktopmail.engine.store.store import Store
from desktopmail.engine.sync.imap import ImapSync
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine, until
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_offline_nobody_is_spoken_to(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.command(SetOffline(offline=True))
            said = len(server.transcript.commands())
            with pytest.raises(DoorError) as caught:
                await bench.sync(account_id)
            assert caught.value.code == "offline"
            assert bench.reader.accounts()[0].state is ConnectionState.OFFLINE
            status = await bench.engine.query(ReadStatus())
            assert isinstance(status, EngineStatus)
            assert status.offline
            assert len(server.transcript.commands()) == said
            with pytest.raises(DoorError, match="offline"):
                await bench.engine.query(FetchRemoteImage(url="https://example.org/a.png"))
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync(account_id)


@pytest.mark.logs("account 1 failed")
async def test_after_a_fault_of_ours_an_account_says_so_and_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "AFTER_A_BUG_S", 0.05)
    whole, falls = ImapSync.run, [True]

    async def falling(self: ImapSync, *arguments: object, **more: object) -> None:
        if falls.pop() if falls else False:
            raise ZeroDivisionError("a bug")
        await whole(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ImapSync, "run", falling)
    told: list[str] = []
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            bench.engine.subscribe(
                lambda _: told.extend(row.what for row in bench.reader.problems())
            )
            await bench.add(server)
            await until(lambda: bench.subjects() == ["Subject 1"], "the message")
    assert "The work for account 1 failed: ZeroDivisionError: a bug." in told


@pytest.mark.logs("account 1 failed", "the disk is full")
async def test_after_a_fault_of_ours_an_account_begins_again_though_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "AFTER_A_BUG_S", 0.05)
    whole, write = ImapSync.run, Store.write

    async def full(self: Store, *arguments: object, **more: object) -> None:
        del self, arguments, more
        monkeypatch.setattr(Store, "write", write)
        raise DoorError("the disk is full", code="disk-full")

    async def falling(self: ImapSync, *arguments: object, **more: object) -> None:
        del self, arguments, more
        monkeypatch.setattr(ImapSync, "run", whole)
        monkeypatch.setattr(Store, "write", full)
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(ImapSync, "run", falling)
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await until(lambda: bench.subjects() == ["Subject 1"], "the message")


@pytest.mark.logs("outbox 1 failed")
async def test_while_an_account_rests_after_a_fault_of_ours_who_needs_it_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def falling(*_arguments: object) -> None:
        raise ZeroDivisionError("a bug")

    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            monkeypatch.setattr(Outbox, "send_due", falling)
            await bench.engine.command(
                SendMessage(
                    account_id=account_id, sender="alice@localhost",
                    recipients=("bob@localhost",), octets=mail(1),
                )
            )  # fmt: skip
            await until(lambda: any(row.problem for row in bench.reader.sendings()), "why it waits")
            (row,) = bench.reader.sendings()
            assert row.state is SendingState.QUEUED
            assert row.problem == "The work for outbox 1 failed: ZeroDivisionError: a bug."
            with pytest.raises(DoorError) as caught:
                await bench.sync(account_id)
            assert caught.value.code == "resting"
            assert caught.value.sentence == "The work for alice-imap failed a moment ago."
            monkeypatch.undo()
            other_id = await bench.add(server, "bob")
            server.deliver("bob", mail(2))
            with pytest.raises(DoorError):
                await bench.sync(account_id, other_id)
            assert bench.subjects("INBOX", other_id) == ["Subject 2"]  # is none the worse for it


async def test_an_account_works_once_however_often_it_is_begun(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            before = bench.engine.working.of(account_id)
            await bench.engine.working.begin_all()
            assert bench.engine.working.of(account_id) is before
            await bench.engine.working.end_all()
            assert bench.engine.working.ids == ()
            await bench.engine.working.end(account_id)
            await bench.engine.working.begin_all()
            assert bench.engine.working.ids == (account_id,)
