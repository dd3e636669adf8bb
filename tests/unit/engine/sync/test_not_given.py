"""A message that a server never gives: the account is fine, one problem names it."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.ids import AccountId
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import ConnectionState, Kind
from desktopmail.engine.store import account as accounts
from desktopmail.engine.store import ended_at
from desktopmail.engine.sync import not_given
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, running_engine
from tests.helpers.maildrop import FakeMaildrop
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


THREE = tuple((f"id{n}", mail(n)) for n in range(3))


@pytest.mark.parametrize(
    ("has_top", "called"), [(True, "“Subject 1”"), (False, "message 2 \\(id1\\)")]
)
async def test_all_others_come_and_the_account_is_fine(
    has_top: bool, called: str, tmp_path: Path
) -> None:
    drop = FakeMaildrop(*THREE, has_top=has_top)
    drop.refused = {"id1"}
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        assert bench.subjects() == ["Subject 0", "Subject 2"]
        assert bench.reader.accounts()[0].state is ConnectionState.READY
        (problem,) = bench.reader.problems()
        assert re.fullmatch(
            f"127.0.0.1 lists {called} and does not give it: it is damaged.", problem.what
        )
        assert "at the provider" in problem.remedy


async def test_it_is_asked_for_seldom_and_at_once_when_a_person_wants_to_know(
    tmp_path: Path,
) -> None:
    drop = FakeMaildrop(*THREE)
    drop.refused = {"id1"}
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        said = bench.problems()
        for _ in range(3):
            asked = drop.retrieved
            await bench.cycle(account_id)
            assert drop.retrieved == asked
            assert bench.problems() == said
        await bench.sync(account_id)
        assert drop.retrieved == asked + 1
        learned = (await bench.engine.store.read(lambda tx: accounts.get(tx, account_id))).learned
        assert learned.not_given["id1"].tries == 2
        drop.refused.clear()
        await bench.sync(account_id)
        assert bench.subjects() == ["Subject 0", "Subject 1", "Subject 2"]
        assert bench.problems() == []


async def test_when_it_was_deleted_at_the_provider_nothing_is_wrong_any_more(
    tmp_path: Path,
) -> None:
    drop = FakeMaildrop(*THREE)
    drop.refused = {"id1", "id2"}
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        assert bench.problems() == [
            "127.0.0.1 lists “Subject 1” and 1 more, and does not give them: it is damaged."
        ]
        del drop.messages[1]
        await bench.cycle(account_id)
        assert bench.problems() == [
            "127.0.0.1 lists “Subject 2” and does not give it: it is damaged."
        ]
        del drop.messages[1]
        await bench.cycle(account_id)
        assert bench.problems() == []


async def test_an_id_that_may_be_another_messages_keeps_nothing_waiting(tmp_path: Path) -> None:
    drop = FakeMaildrop(("1", mail(1)), ("2", mail(2)))
    drop.refused = {"2"}
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        assert len(bench.problems()) == 1
        drop.messages[1] = ("2", mail(3))
        drop.refused.clear()
        await bench.cycle(account_id)
        assert bench.subjects() == ["Subject 1", "Subject 3"]
        assert bench.problems() == []


async def test_a_server_that_gives_nothing_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(not_given, "MOST", 2)
    drop = FakeMaildrop(*THREE)
    drop.refused = {"id0", "id1", "id2"}
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        with pytest.raises(DoorError, match="lists 3 messages that it does not give"):
            await bench.sync(account_id)
        assert bench.reader.accounts()[0].state is ConnectionState.FAILED
        drop.refused.clear()
        await bench.cycle(account_id)
        assert len(bench.rows()) == 3


async def test_one_at_which_the_connection_ends_is_left_out_after_a_few_times(
    tmp_path: Path,
) -> None:
    """Some servers die of a message that they cannot read: what stood behind it never came."""
    drop = FakeMaildrop(*THREE)
    drop.dies_of = {"id1"}
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        for _ in range(4):
            await asyncio.gather(bench.sync(account_id), return_exceptions=True)
        assert bench.subjects() == ["Subject 0", "Subject 2"]
        await bench.cycle(account_id)
        assert bench.problems() == [
            "127.0.0.1 lists message 2 (id1) and does not give it: the connection ended each time."
        ]
        assert bench.reader.accounts()[0].state is ConnectionState.READY
        for _ in range(2):  # asked for once more, and left out at once
            await asyncio.gather(bench.sync(account_id), return_exceptions=True)
        assert len(bench.problems()) == 1
        drop.dies_of.clear()
        await bench.sync(account_id)
        assert bench.subjects() == ["Subject 0", "Subject 1", "Subject 2"]
        assert bench.problems() == []


async def test_at_which_message_the_connection_ends_is_known_to_the_next_engine(
    tmp_path: Path,
) -> None:
    """Where each engine tries once, as that of a command does, all behind it never came."""
    drop, keyring = FakeMaildrop(*THREE), MemoryKeyring()
    drop.dies_of = {"id1"}
    async with drop.serve():
        async with running_engine(tmp_path, keyring) as bench:
            account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        for _ in range(6):
            async with running_engine(tmp_path, keyring) as bench:
                await asyncio.gather(bench.sync(account_id), return_exceptions=True)
                if len(bench.rows()) == 2:
                    break
        assert drop.heard.count("RETR 2") <= 4
        async with running_engine(tmp_path, keyring) as bench:
            assert bench.subjects() == ["Subject 0", "Subject 2"]
            assert len(bench.problems()) == 1
            asked = drop.heard.count("RETR 2")
            for _ in range(2):  # it is due, as a person asks: once is enough for it, as before
                await asyncio.gather(bench.sync(account_id), return_exceptions=True)
            assert drop.heard.count("RETR 2") - asked == 1
            drop.dies_of.clear()
            await bench.sync(account_id)
            assert len(bench.rows()) == 3
            left = await bench.engine.store.read(partial(ended_at.every, account_id=account_id))
            assert left == {}


async def test_one_at_whose_header_the_connection_ends_is_left_out_too(tmp_path: Path) -> None:
    drop = FakeMaildrop(("gone", mail(7)), *THREE)
    async with drop.serve(), running_engine(tmp_path) as bench:
        account_id = AccountId((await bench.engine.command(drop.account())).ids[0])
        await bench.sync(account_id)
        drop.messages[:] = [THREE[0], ("fresh", mail(8)), ("last", mail(9))]  # so headers are asked
        drop.dies_of = {"fresh"}
        for _ in range(4):
            await asyncio.gather(bench.sync(account_id), return_exceptions=True)
        assert "Subject 9" in bench.subjects()
        assert "TOP 2 0" in drop.heard
        assert bench.reader.accounts()[0].state is ConnectionState.READY


@pytest.mark.logs("before the switch of .* closed the connection")
async def test_a_switch_leaves_no_problem_of_the_server_before(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(0))
        refusal = Fault(protocol="pop3", command="RETR", reply="-ERR damaged", times=None)
        server.add_fault(refusal)
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            assert len(bench.problems()) == 1
            server.add_fault(Fault(protocol="pop3", command="LIST", drop=True, times=None))
            with pytest.raises(DoorError):
                await bench.sync(account_id)
            assert len(bench.problems()) == 2
            await bench.switch(server, account_id, Kind.IMAP)
            assert bench.subjects() == ["Subject 0"]
            assert bench.problems() == []
