"""The sandbox and its accounts begin together, and the next engine finds none of an old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from desktopmail.door.commands import StartSandbox
from desktopmail.door.ids import AccountId
from desktopmail.door.queries import DiscoverAccount, Discovered, ReadSandbox, SandboxState
from desktopmail.door.rows import Kind
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, account_command, running_engine

if TYPE_CHECKING:
    from pathlib import Path


async def test_it_is_one_thing_with_its_accounts(tmp_path: Path) -> None:
    ring = MemoryKeyring()
    async with running_engine(tmp_path, ring) as bench:
        assert await bench.engine.query(ReadSandbox()) == SandboxState(running=False)
        made = await bench.engine.command(StartSandbox())
        accounts = bench.reader.accounts()
        assert tuple(account.id for account in accounts) == made.ids
        assert len(bench.rows()) > 5
        again = await bench.engine.command(StartSandbox())
        assert again.ids == made.ids
        state = await bench.engine.query(ReadSandbox())
        assert isinstance(state, SandboxState)
        assert state.running
        found = await bench.engine.query(DiscoverAccount(address=accounts[0].address))
        assert isinstance(found, Discovered)
        assert {way.source for way in found.accounts} == {"the sandbox"}
        assert ring.kept == {}
        await bench.sync(AccountId(made.ids[0]))
    async with running_engine(tmp_path, ring) as bench:
        assert bench.reader.accounts() == []
        assert await bench.engine.query(ReadSandbox()) == SandboxState(running=False)


async def test_an_account_of_a_person_in_a_domain_of_that_name_stays(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            command = account_command(server, "alice", Kind.POP3)
            await bench.engine.command(
                msgspec.structs.replace(command, address="alice@sandbox.test")
            )
        async with running_engine(tmp_path) as bench:
            assert [account.address for account in bench.reader.accounts()] == [
                "alice@sandbox.test"
            ]
