"""Accounts are there as a whole or not at all, and removing one asks nothing of its server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from desktopmail.door.commands import RemoveAccount
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Kind
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    MemoryKeyring,
    account_command,
    running_engine,
    synced_engine,
)
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_name_that_is_taken_changes_nothing(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            with pytest.raises(DoorError) as caught:
                await bench.add(server)
            assert caught.value.code == "name-taken"
            assert len(bench.reader.accounts()) == 1


async def test_an_account_whose_password_cannot_be_kept_is_not_half_there(tmp_path: Path) -> None:
    import keyring.errors

    class Full(MemoryKeyring):
        def set_password(self, *_: str) -> None:
            raise keyring.errors.NoKeyringError

    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path, Full()) as bench:
            with pytest.raises(DoorError) as caught:
                await bench.add(server)
            assert caught.value.code == "no-keyring"
            assert bench.reader.accounts() == []


async def test_removing_an_account_leaves_the_server_as_it_is(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with synced_engine(tmp_path, server, ring) as (bench, account_id):
            await bench.engine.command(RemoveAccount(account_id=account_id))
            assert bench.reader.accounts() == []
            assert ring.kept == {}
            again = await bench.add(server)
            assert again != account_id  # an id is never given twice
            await bench.sync(again)
            assert bench.subjects() == ["Subject 1"]
        assert len(server.messages("alice")) == 1


@pytest.mark.parametrize("proxy", ["socks5://anna:secret@localhost:1", "localhost:1"])
async def test_what_is_no_proxy_is_not_kept_even_unchecked(tmp_path: Path, proxy: str) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.IMAP)
            incoming = msgspec.structs.replace(command.incoming, proxy=proxy)
            wrong = msgspec.structs.replace(command, incoming=incoming, check=False)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(wrong)
            assert caught.value.code == "bad-proxy"
            assert bench.reader.accounts() == []
