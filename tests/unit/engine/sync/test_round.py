"""A round over several accounts: what one fails at keeps no other from its mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import SyncAccounts
from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind
from desktopmail.engine.sync.worker import Worker
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, account_command, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.logs("sync 1 failed")
async def test_a_fault_of_ours_is_not_called_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_worker: Worker, *, headers_only: bool = False) -> None:
        raise ZeroDivisionError(headers_only)

    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            monkeypatch.setattr(Worker, "sync", broken)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(SyncAccounts(account_ids=(account_id,)))
    assert caught.value.code == "internal"
    assert "engine.log" in caught.value.remedy


async def test_an_account_that_fails_keeps_no_other_from_its_mail(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            wrong = account_command(server, "bob", Kind.IMAP, password="an old one")
            await bench.engine.command(wrong)
            alice = await bench.add(server)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(SyncAccounts())
            assert caught.value.code == "auth-failed"
            assert bench.subjects(account_id=alice) == ["Subject 1"]


async def test_one_account_is_counted_as_one(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            assert (await bench.engine.command(SyncAccounts())).label == "1 account up to date"
            await bench.add(server, "bob")
            assert (await bench.engine.command(SyncAccounts())).label == "2 accounts up to date"


async def test_an_account_that_is_not_there_is_named_before_anybody_is_asked(
    tmp_path: Path,
) -> None:
    async with running_engine(tmp_path) as bench:
        with pytest.raises(DoorError) as caught:
            await bench.engine.command(SyncAccounts(account_ids=(AccountId(7),)))
        assert caught.value.code == "no-account"
