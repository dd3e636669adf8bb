"""Snapshots there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver import snapshot
from localserver.local import LocalServer
from localserver.store.errors import DamagedError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = b"Subject: x\r\n\r\nbody\r\n"


async def test_a_snapshot_brings_mail_and_uids_back(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    async with LocalServer({"alice": "s"}, data=data) as server:
        await server.deliver_async("alice", PLAIN)
        validity = (await server.server.store.account("alice")).mailbox("INBOX").uidvalidity
    assert snapshot.save(data, copy) >= 3
    async with LocalServer({"alice": "s"}, data=data) as server:
        await server.deliver_async("alice", PLAIN)
    snapshot.restore(copy, data)
    async with LocalServer({"alice": "s"}, data=data) as server:
        (message,) = await server.messages_async("alice")
        assert message.octets == PLAIN
        account = await server.server.store.account("alice")
        assert account.mailbox("INBOX").uidvalidity == validity
    assert (tmp_path / "data.before-restore").is_dir()


async def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no folder of a mail server"):
        snapshot.save(tmp_path, tmp_path / "x")
    with pytest.raises(StoreError, match="no snapshot; name a folder that"):
        snapshot.restore(tmp_path, tmp_path / "y")
    with pytest.raises(StoreError, match="exists already"):
        snapshot.save(tmp_path, tmp_path)


async def a_mail_database(data: Path) -> Path:
    async with LocalServer({"alice": "s"}, data=data) as server:
        await server.deliver_async("alice", PLAIN)
    return data / "users" / "alice" / "mail.db"


async def test_half_a_snapshot_is_not_left_behind(tmp_path: Path) -> None:
    database = await a_mail_database(tmp_path / "data")
    database.write_bytes(b"no database at all" * 500)
    with pytest.raises(DamagedError, match=r"mail\.db is damaged"):
        snapshot.save(tmp_path / "data", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


async def test_damage_inside_a_database_is_not_copied(tmp_path: Path) -> None:
    database = await a_mail_database(tmp_path / "data")
    octets = bytearray(database.read_bytes())
    octets[len(octets) // 2 :] = b"\xff" * (len(octets) - len(octets) // 2)
    database.write_bytes(octets)
    with pytest.raises(DamagedError, match=r"mail\.db is damaged"):
        snapshot.save(tmp_path / "data", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
