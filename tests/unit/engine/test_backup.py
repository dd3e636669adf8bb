"""A backup is taken while the store is in use, and is a whole profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.commands import (
    BackUp,
    CopyMessages,
    ImportMessages,
    MoveMessages,
    SetOffline,
)
from desktopmail.door.ids import MessageId
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.reader import SqliteReader
from desktopmail.door.rows import SendingState, View
from desktopmail.engine import backup, doctor
from desktopmail.engine.store import blob, sending
from desktopmail.net.ports import system_ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, running_engine, synced_engine
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import SendingId
    from desktopmail.engine.store.store import Transaction


async def test_a_backup_holds_everything_of_its_moment(tmp_path: Path) -> None:
    async with open_store(tmp_path / "profile") as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1), mail(2)]))
        reader = SqliteReader(store.profile)
        await backup.write(store, tmp_path / "copy")
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(3)], first_uid=9))
        reader.close()
    copy = SqliteReader(Profile.at(tmp_path / "copy"))
    assert copy.count(View()) == 2
    assert copy.octets(MessageId(1)) == mail(1)
    copy.close()
    async with open_store(tmp_path / "copy") as store:
        assert await doctor.examine(store, system_ports(), repair=False) == []


async def test_what_waits_to_be_sent_is_not_sent_by_the_copy_too(tmp_path: Path) -> None:
    def queue(tx: Transaction) -> SendingId:
        return sending.add(
            tx, add_account(tx), message_id="1@example.org", subject="Lunch?",
            sender="ann@example.org", recipients=("bob@example.org",),
            blob_id=blob.put(tx, [mail(1)])[0], now_s=100.0, delay_s=10.0,
            draft=None, answers=None, forwards=False,
        )  # fmt: skip

    async with open_store(tmp_path / "profile") as store:
        made = await store.write(queue)
        await backup.write(store, tmp_path / "copy")
        here = await store.read(lambda tx: sending.get(tx, made))
        assert here.state is SendingState.QUEUED
    async with open_store(tmp_path / "copy") as store:
        there = await store.read(lambda tx: sending.get(tx, made))
        assert there.state is SendingState.UNSURE
        assert there.problem == "It waited to be sent when this copy of the mail was made."


async def test_a_backup_that_has_no_room_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(tmp_path / "profile") as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        whole = backup._copy

        def copy(source: Path, target: Path) -> None:
            whole(source, target)
            if source.parent == store.profile.segments:
                raise apsw.FullError("not an error")

        monkeypatch.setattr(backup, "_copy", copy)
        with pytest.raises(DoorError) as caught:
            await backup.write(store, tmp_path / "copy")
    assert caught.value.sentence == (f"The backup to {tmp_path / 'copy'} failed: the disk is full.")
    assert {one.name for one in tmp_path.iterdir()} == {"profile"}  # noqa: ASYNC240


@pytest.mark.parametrize("at", ["_copy_segment", "_do_nothing_again"])
async def test_what_the_end_of_the_engine_leaves_of_a_backup_is_no_store(
    at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def killed(*_: Path) -> None:
        raise KilledError

    async with open_store(tmp_path / "profile") as store:
        monkeypatch.setattr(backup, at, killed)
        with pytest.raises(KilledError):
            await backup.write(store, tmp_path / "copy")
    with pytest.raises(DoorError, match="There is no mail in"):
        SqliteReader(Profile.at(tmp_path / "copy"))


@pytest.mark.parametrize("name", ["file", "file/copy"])
async def test_a_folder_that_cannot_be_made_is_named_once(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    async with open_store(tmp_path / "profile") as store:
        with pytest.raises(DoorError) as caught:
            await backup.write(store, tmp_path / name)
    assert caught.value.sentence == f"The backup to {tmp_path / name} failed: Not a directory."
    assert caught.value.remedy == "Name another place."


async def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    async with open_store(tmp_path / "profile") as store:
        with pytest.raises(DoorError, match="not empty"):
            await backup.write(store, tmp_path / "profile")


async def test_what_waits_to_be_told_when_a_copy_is_made_is_not_doubled_by_who_uses_that(
    tmp_path: Path,
) -> None:
    ring = MemoryKeyring()
    (tmp_path / "in").mkdir()
    for number in (3, 4):
        (tmp_path / "in" / f"{number}.eml").write_bytes(mail(number))
    profile, copy = tmp_path / "profile", tmp_path / "copy"
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        server.deliver("alice", mail(2))
        async with synced_engine(profile, server, ring) as (bench, _):
            archive = bench.mailbox("Archive")
            moved, copied = (bench.placed(f"Subject {number}") for number in (1, 2))
            for command in (
                SetOffline(offline=True),
                ImportMessages(path=str(tmp_path / "in"), mailbox_id=archive),
                MoveMessages(placement_ids=(moved,), mailbox_id=archive),
                CopyMessages(placement_ids=(copied,), mailbox_id=archive),
                BackUp(path=str(copy)),
                SetOffline(offline=False),
            ):
                await bench.engine.command(command)
            await bench.sync()
        for (service, name), word in list(ring.kept.items()):
            ring.kept[service, name.replace(str(profile), str(copy))] = word
        async with running_engine(copy, ring) as bench:
            assert len(bench.reader.operations()) == 3
            await bench.sync()
            assert bench.reader.operations() == []
            assert bench.problems() == []
            assert bench.subjects("Archive") == [f"Subject {number}" for number in (1, 2, 3, 4)]
            assert bench.subjects() == ["Subject 2"]
        there = sorted(one.subject for one in server.messages("alice", "Archive"))
        assert there == [f"Subject {number}" for number in (1, 2, 3, 4)]


@pytest.mark.logs("is damaged")
async def test_of_a_damaged_store_there_is_a_backup_with_all_that_can_be_read(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path / "profile") as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
        await store.read(lambda tx: tx.segments.begin_next())
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(2)], first_uid=9))
        profile = store.profile
    with profile.segment(1).open("r+b") as file:
        file.write(b"\xaa" * 4096)
    async with open_store(tmp_path / "profile") as store:
        await backup.write(store, tmp_path / "copy")
    copy = Profile.at(tmp_path / "copy")
    assert copy.segment(1).read_bytes() == profile.segment(1).read_bytes()
    reader = SqliteReader(copy)
    assert reader.count(View()) == 2
    assert reader.octets(MessageId(2)) == mail(2)
    reader.close()
