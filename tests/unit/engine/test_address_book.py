"""Contacts come from files of vCards and go to them; identities belong to accounts."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    ExportContacts,
    ForgetPerson,
    ImportContacts,
    RemoveContact,
    RemoveIdentity,
    SetContact,
    SetIdentity,
)
from desktopmail.door.ids import AccountId, ContactId, IdentityId
from desktopmail.door.interface import DoorError
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_was_exported_is_imported_into_another_profile(tmp_path: Path) -> None:
    path = tmp_path / "book.vcf"
    async with running_engine(tmp_path / "one") as bench:
        await bench.engine.command(
            SetContact(name="Jörg", addresses=("j@example.org",), note="a\nb", phones=("1",))
        )
        done = await bench.engine.command(ExportContacts(path=str(path)))
        assert done.label.startswith("1 contact written")
    async with running_engine(tmp_path / "two") as bench:
        for label in ("1 contact taken in", "0 contacts taken in, 1 was there already"):
            done = await bench.engine.command(ImportContacts(path=str(path)))
            assert done.label == label
        (row,) = bench.reader.contacts()
        assert (row.name, row.note, row.phones) == ("Jörg", "a\nb", ("1",))
        await bench.engine.command(RemoveContact(contact_id=row.id))
        with pytest.raises(DoorError, match="There is no contact 99"):
            await bench.engine.command(RemoveContact(contact_id=ContactId(99)))
        assert bench.reader.contacts() == []


async def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    async with running_engine(tmp_path) as bench:
        with pytest.raises(DoorError, match=r"nothing\.vcf cannot be read"):
            await bench.engine.command(ImportContacts(path=str(tmp_path / "nothing.vcf")))
        (tmp_path / "text.vcf").write_text("hello")
        with pytest.raises(DoorError, match="no vCard"):
            await bench.engine.command(ImportContacts(path=str(tmp_path / "text.vcf")))
        with pytest.raises(DoorError, match="cannot be written"):
            await bench.engine.command(ExportContacts(path=str(tmp_path / "no" / "x.vcf")))


async def test_who_writes_is_offered_until_they_are_forgotten(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1, sender="Zoe <zoe@example.org>"))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            assert [row.address for row in bench.reader.people("zo", 5)] == ["zoe@example.org"]
            await bench.engine.command(ForgetPerson(address="ZOE@example.org"))
            assert bench.reader.people("zo", 5) == []


async def test_an_identity_belongs_to_an_account_that_is_there(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            made = await bench.engine.command(
                SetIdentity(account_id=account_id, name="Al", address="al@localhost")
            )
            assert [row.name for row in bench.reader.identities(account_id)] == ["", "Al"]
            await bench.engine.command(RemoveIdentity(identity_id=IdentityId(made.ids[0])))
            with pytest.raises(DoorError, match="no account"):
                await bench.engine.command(
                    SetIdentity(account_id=AccountId(99), address="al@localhost")
                )


async def test_a_full_disk_leaves_the_file_of_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "book.vcf"
    file.write_bytes(b"kept for years")
    async with running_engine(tmp_path / "profile") as bench:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", full)
            with pytest.raises(DoorError, match="No space left"):
                await bench.engine.command(ExportContacts(path=str(file)))
    assert file.read_bytes() == b"kept for years"
    assert {one.name for one in tmp_path.iterdir()} == {"profile", "book.vcf"}  # noqa: ASYNC240
