"""Secrets at rest."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from desktopmail.net.ports import system_ports
from localserver.credential_table import master_key, open_credentials
from localserver.users import UserError

if TYPE_CHECKING:
    from pathlib import Path


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
