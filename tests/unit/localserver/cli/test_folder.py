"""A server's folder as commands open it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.cli.folder import locked, opened
from localserver.config import Config
from localserver.local import LocalServer
from localserver.lock import lock_folder
from localserver.store.errors import DamagedError, LockedError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = b"Subject: Hello\r\n\r\nbody\r\n"


async def test_a_folder_that_is_not_there_is_made_only_when_asked_for(tmp_path: Path) -> None:
    data = tmp_path / "a" / "data"
    with pytest.raises(StoreError, match="There is no folder"):
        async with opened(data):
            pass
    assert not data.exists()
    async with opened(data, make=True) as folder:
        assert folder.users.all() == []
    assert data.is_dir()


def test_nothing_is_put_into_a_folder_of_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with (
        pytest.raises(StoreError, match="is no folder of a mail server; choose another --data"),
        locked(tmp_path),
    ):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.txt"]


async def test_nobody_else_works_on_it_meanwhile(tmp_path: Path) -> None:
    async with opened(tmp_path, make=True):
        with pytest.raises(LockedError):
            lock_folder(tmp_path)
        with pytest.raises(LockedError):
            async with opened(tmp_path):
                pass
    lock_folder(tmp_path).release()


async def test_it_is_given_back_when_a_command_fails(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="the command failed"):
        async with opened(tmp_path, make=True):
            raise RuntimeError("the command failed")
    lock_folder(tmp_path).release()


@pytest.mark.parametrize("name", ["users.db", "captured.db"])
async def test_it_is_given_back_when_a_database_is_damaged(tmp_path: Path, name: str) -> None:
    async with opened(tmp_path, make=True):
        pass
    database = tmp_path / name
    database.write_bytes(b"no database at all" * 500)
    with pytest.raises(DamagedError, match=f"{name}.*localserver snapshot restore"):
        async with opened(tmp_path):
            pass
    lock_folder(tmp_path).release()


async def test_what_a_server_kept_is_there_even_of_users_named_for_one_run(tmp_path: Path) -> None:
    async with LocalServer({"alice": "s"}, data=tmp_path, config=Config(listen={})) as server:
        await server.deliver_async("alice", PLAIN)
    async with opened(tmp_path) as folder:
        assert folder.users.all() == []
        account = await folder.store.account("alice")
        assert account.all_uids(account.mailbox("INBOX")) == [1]


async def test_a_user_who_was_added_may_log_in_at_the_server(tmp_path: Path) -> None:
    async with opened(tmp_path, make=True) as folder:
        await folder.users.put("alice", "s3cret")
    async with LocalServer(data=tmp_path, config=Config(listen={})) as server:
        users = server.server.context.users
        assert await users.verify("Alice", "s3cret") is not None
        assert await users.verify("alice", "wrong") is None
