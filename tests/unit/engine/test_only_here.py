"""What of an account is nowhere but here is counted, and goes with it only when that was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    DeleteMessages,
    MoveMessages,
    RemoveAccount,
    SaveDraft,
    SendMessage,
    SetOffline,
)
from desktopmail.door.ids import PlacementId
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import OnlyHere, ReadOnlyHere
from desktopmail.door.rows import Kind
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine, synced_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId


async def found(bench: Bench, account_id: AccountId) -> OnlyHere:
    answer = await bench.engine.query(ReadOnlyHere(account_id=account_id))
    assert isinstance(answer, OnlyHere)
    return answer


async def test_what_an_imap_server_has_is_not_only_here_wherever_it_is_moved(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with synced_engine(tmp_path, server) as (bench, account_id):
            await bench.engine.command(SetOffline(offline=True))
            (row,) = bench.rows()
            trash = bench.mailbox("Trash")
            await bench.engine.command(MoveMessages(placement_ids=(row.id,), mailbox_id=trash))
            assert await found(bench, account_id) == OnlyHere(messages=0, unsent=0)
            await bench.engine.command(RemoveAccount(account_id=account_id))
            assert bench.reader.accounts() == []


async def test_drafts_and_messages_that_were_not_sent_are_counted_once_each(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server) as (bench, account_id):
            await bench.engine.command(SetOffline(offline=True))
            for number in (1, 2):
                draft = await bench.engine.command(
                    SaveDraft(account_id=account_id, octets=mail(number))
                )
            await bench.engine.command(
                SendMessage(
                    account_id=account_id,
                    sender="alice@localhost",
                    recipients=("bob@localhost",),
                    octets=mail(2),
                    draft=PlacementId(draft.ids[0]),
                )
            )
            assert await found(bench, account_id) == OnlyHere(messages=2, unsent=1)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(RemoveAccount(account_id=account_id))
            assert caught.value.code == "only-here"
            assert caught.value.sentence == (
                "2 messages of alice-imap exist only here, 1 of them not sent yet."
            )
            assert bench.subjects("Drafts") == ["Subject 1", "Subject 2"]
            await bench.engine.command(RemoveAccount(account_id=account_id, with_its_mail=True))
            assert bench.reader.accounts() == []


async def test_of_a_pop3_account_what_its_server_deleted_is_only_here(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in (1, 2, 3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server, kind=Kind.POP3)
            await bench.sync(account_id)
            assert await found(bench, account_id) == OnlyHere(messages=0, unsent=0)
            server.reset()
            server.deliver("alice", mail(4))
            await bench.sync(account_id)
            assert await found(bench, account_id) == OnlyHere(messages=3, unsent=0)
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1"),), permanently=True)
            )
            assert await found(bench, account_id) == OnlyHere(messages=2, unsent=0)


async def test_what_another_account_has_is_not_gone_with_this_one(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            by_imap = await bench.add(server)
            by_pop3 = await bench.add(server, kind=Kind.POP3)
            await bench.sync()
            server.reset()
            await bench.sync(by_pop3)
            assert await found(bench, by_pop3) == OnlyHere(messages=0, unsent=0)
            await bench.engine.command(RemoveAccount(account_id=by_imap))
            assert await found(bench, by_pop3) == OnlyHere(messages=1, unsent=0)
