"""Secrets at rest."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

import pytest

from desktopmail.net.ports import SystemEntropy, ThreadExecutor, system_ports
from localserver.credential_table import master_key, open_credentials
from localserver.users import UserError
from tests.helpers.still_clock import StillClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_a_password_is_checked_after_a_restart_and_is_nowhere_on_the_disk(
    tmp_path: Path,
) -> None:
    table = await open_credentials(tmp_path, system_ports())
    await table.put("alice", "correct horse")
    await table.aclose()
    table = await open_credentials(tmp_path, system_ports())
    assert await table.check("alice", "correct horse")
    assert await table.check("alice", "correct horse")  # remembered
    assert not await table.check("alice", "wrong")
    assert not await table.check("nobody", "correct horse")
    verifier = table.verifier("alice", "sha256")
    assert verifier is not None
    assert verifier.iterations == table.iterations
    assert table.recoverable("alice") is None
    await table.aclose()
    octets = everything_in(tmp_path)
    assert b"correct horse" not in octets
    assert b"$argon2id$" in octets


async def test_a_new_password_ends_the_old_one_at_once(tmp_path: Path) -> None:
    table = await open_credentials(tmp_path, system_ports())
    await table.put("alice", "one")
    assert await table.check("alice", "one")
    await table.put("alice", "two")
    assert not await table.check("alice", "one")
    await table.aclose()


async def test_an_application_password_needs_the_master_key(tmp_path: Path) -> None:
    table = await open_credentials(tmp_path, system_ports())
    await table.put("alice", "one")
    secret = await table.make_application_password("alice")
    assert table.recoverable("alice") == secret.encode()
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600
    await table.aclose()
    (tmp_path / "master.key").write_bytes(b"another")
    table = await open_credentials(tmp_path, system_ports())
    assert table.recoverable("alice") is None
    await table.remove_application_password("alice")
    await table.set_quota("alice", 5)
    assert table.quota_octets("alice") == 5
    with pytest.raises(UserError):
        await table.make_application_password("nobody")
    await table.remove("alice")
    assert table.names() == []
    await table.aclose()


def test_the_master_key_is_made_once(tmp_path: Path) -> None:
    entropy = system_ports().entropy
    first = master_key(tmp_path / "key", entropy)
    assert master_key(tmp_path / "key", entropy) == first
    assert len(first) == 32


def test_an_empty_master_key_is_none(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(b"")
    key = master_key(path, SystemEntropy())
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert master_key(path, SystemEntropy()) == key
    assert list(tmp_path.iterdir()) == [path]


class HeldExecutor(ThreadExecutor):
    """Holds what was checked back until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.checked = asyncio.Event()
        self.release = asyncio.Event()
        self.release.set()

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        found = await super().run(function, *args)
        if getattr(function, "__name__", "") == "_verify":
            self.checked.set()
            await self.release.wait()
        return found


@pytest.mark.parametrize("removed", [False, True])
async def test_a_check_that_a_change_overtakes_fails_and_is_not_remembered(
    tmp_path: Path, removed: bool
) -> None:
    executor = HeldExecutor()
    table = await open_credentials(tmp_path, replace(system_ports(), executor=executor))
    await table.put("alice", "old")
    executor.release.clear()
    async with asyncio.TaskGroup() as group:
        check = group.create_task(table.check("alice", "old"))
        await executor.checked.wait()
        await (table.remove("alice") if removed else table.put("alice", "new"))
        executor.release.set()
        assert not await check
    assert not await table.check("alice", "old")
    await table.aclose()


async def test_a_good_login_is_remembered_for_five_minutes(tmp_path: Path) -> None:
    executor, clock = HeldExecutor(), StillClock()
    ports = replace(system_ports(), executor=executor, clock=clock)
    table = await open_credentials(tmp_path, ports)
    await table.put("alice", "secret")
    assert await table.check("alice", "secret")
    executor.checked.clear()
    clock.advance(299)
    assert await table.check("alice", "secret")
    assert not executor.checked.is_set()
    clock.advance(2)
    assert await table.check("alice", "secret")
    assert executor.checked.is_set()
    await table.aclose()


async def test_an_unknown_name_costs_an_argon2_too(tmp_path: Path) -> None:
    executor = HeldExecutor()
    table = await open_credentials(tmp_path, replace(system_ports(), executor=executor))
    assert not await table.check("nobody", "secret")
    assert executor.checked.is_set()
    await table.aclose()


async def test_a_quota_is_kept_and_taken_back_and_needs_a_user(tmp_path: Path) -> None:
    table = await open_credentials(tmp_path, system_ports())
    await table.put("alice", "secret")
    await table.set_quota("alice", 5000)
    await table.put("alice", "other")
    assert table.quota_octets("alice") == 5000
    await table.set_quota("alice", None)
    assert table.quota_octets("alice") is None
    with pytest.raises(UserError, match="no user 'bob'"):
        await table.set_quota("bob", 1)
    await table.aclose()
