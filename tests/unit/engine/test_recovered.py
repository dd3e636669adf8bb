"""What lost its rows stands in Recovered until a server or a person has it elsewhere."""

from __future__ import annotations

from errno import ENOSPC
from typing import TYPE_CHECKING, Any

import apsw
import pytest

from desktopmail.door.commands import BackUp, CheckStore, MoveMessages
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag, Kind
from desktopmail.engine.files import transfer
from desktopmail.engine.recovered import Recovery
from desktopmail.engine.store import salvage
from desktopmail.net.ports import system_ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, MemoryKeyring, running_engine, until
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

    from desktopmail.door.ids import AccountId
    from desktopmail.engine.files.message import FileMessage
    from desktopmail.engine.recovered import _Note

COUNT = 300
told = pytest.mark.logs("was damaged|can be read|cannot be read")


async def lose(folder: Path) -> None:
    """A profile whose database is lost, with the octets of some messages."""
    async with open_store(folder) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(number) for number in range(COUNT)]))
    profile = Profile.at(folder)
    profile.database.write_bytes(b"\xaa" * 50_000)
    salvage.ask_for(profile)


def paths(bench: Bench) -> set[str]:
    return {row.path for row in bench.reader.mailboxes()}


async def brought_back(bench: Bench, path: str = "Recovered") -> None:
    note = bench.engine.profile.loose
    await until(lambda: b"true" in note.read_bytes(), "everything is brought back")
    assert path in paths(bench)


@told
@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
async def test_with_the_first_account_messages_have_a_place_and_leave_it_for_the_servers(
    tmp_path: Path, kind: Kind
) -> None:
    ring = MemoryKeyring()
    await lose(tmp_path)
    with LocalServer(PASSWORDS) as server:
        for number in range(COUNT - 2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path, ring) as bench:
            assert bench.reader.accounts() == []
            examined = await bench.engine.command(CheckStore())
            assert f"{COUNT} messages have lost the place they had" in examined.label
            assert examined.left == 0
            account_id: AccountId = await bench.add(server, kind=kind)
            await brought_back(bench)
            rows = bench.rows("Recovered")
            assert len(rows) == COUNT
            assert all(row.flags & Flag.SEEN for row in rows)
            assert {bench.reader.octets(row.message_id) for row in rows} == {
                mail(number) for number in range(COUNT)
            }
            await bench.sync(account_id)
            assert len(bench.rows()) == COUNT - 2
        async with running_engine(tmp_path, ring) as bench:
            await until(lambda: len(bench.rows("Recovered")) == 2, "those of the server have left")
            ids = tuple(row.id for row in bench.rows("Recovered"))
            await bench.engine.command(
                MoveMessages(placement_ids=ids, mailbox_id=bench.mailbox("Archive"))
            )
        async with running_engine(tmp_path, ring) as bench:
            await until(lambda: "Recovered" not in paths(bench), "nothing is left in it")
            await until(lambda: not bench.engine.profile.loose.exists(), "it is over")
            assert len(bench.rows("Archive")) == 2


@told
async def test_so_many_octets_are_in_memory_at_a_time_however_many_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 10 * len(mail(COUNT))
    monkeypatch.setattr(transfer, "BATCH_OCTETS", most)
    add = transfer.add
    batches: list[int] = []

    async def watched(*to: Any) -> object:
        *where, take = to

        async def counted() -> list[FileMessage]:
            batch: list[FileMessage] = await take()
            batches.append(sum(len(one.octets) for one in batch))
            return batch

        return await add(*where, counted)

    monkeypatch.setattr(transfer, "add", watched)
    await lose(tmp_path)
    async with open_store(tmp_path) as store:
        await store.write(add_account)
        await Recovery(store, system_ports()).bring_back()
    async with running_engine(tmp_path) as bench:
        assert len(bench.rows("Recovered")) == COUNT
    assert max(batches) < most + len(mail(COUNT))


@told
async def test_who_is_cut_off_goes_on_and_doubles_nothing(tmp_path: Path) -> None:
    await lose(tmp_path)
    async with open_store(tmp_path) as store:
        await store.write(add_account)
    profile = Profile.at(tmp_path)
    async with running_engine(tmp_path) as bench:
        await brought_back(bench)
        recovered = bench.mailbox("Recovered")
    connection = apsw.Connection(str(profile.database))
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("DELETE FROM placement WHERE id % 2 = 0; DELETE FROM word_queue")
    connection.execute(
        "DELETE FROM message WHERE NOT EXISTS"
        " (SELECT 1 FROM placement AS p WHERE p.message_id = message.id)"
    )
    connection.close()
    profile.loose.write_text(f'{{"mailbox_id": {recovered}}}')
    async with running_engine(tmp_path) as bench:
        await brought_back(bench)
        assert len(bench.rows("Recovered")) == COUNT
        assert paths(bench) == {"INBOX", "Sent", "Trash", "Recovered"}


class _CutError(Exception):
    """The process ends here."""


@told
async def test_a_mailbox_made_right_before_a_crash_is_used_and_no_other_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lose(tmp_path)
    write = Recovery._write

    def cut(recovery: Recovery, note: _Note) -> _Note:
        if note.mailbox_id is not None:
            raise _CutError
        return write(recovery, note)

    async with open_store(tmp_path) as store:
        await store.write(add_account)
        with monkeypatch.context() as patch:
            patch.setattr(Recovery, "_write", cut)
            with pytest.raises(_CutError):
                await Recovery(store, system_ports()).bring_back()
    async with running_engine(tmp_path) as bench:
        await brought_back(bench)
        assert len(bench.rows("Recovered")) == COUNT
        assert paths(bench) == {"INBOX", "Sent", "Trash", "Recovered"}


@told
async def test_a_note_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lose(tmp_path)

    def full(_handle: int) -> None:
        raise OSError(ENOSPC, "No space left on device")

    async with open_store(tmp_path) as store:
        await store.write(add_account)
        loose = store.profile.loose
        loose.write_bytes(b'{"mailbox_id":99}')
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", full)
            with pytest.raises(DoorError) as caught:
                await Recovery(store, system_ports()).bring_back()
        assert caught.value.code == "disk-full"
        assert loose.read_bytes() == b'{"mailbox_id":99}'


@told
async def test_a_mailbox_of_that_name_is_left_alone_and_a_backup_knows_what_waits(
    tmp_path: Path,
) -> None:
    await lose(tmp_path / "profile")
    async with open_store(tmp_path / "profile") as store:
        await store.write(add_account)
        await store.write(
            lambda tx: tx.execute("UPDATE mailbox SET path = 'Recovered' WHERE role = 'sent'")
        )
    async with running_engine(tmp_path / "profile") as bench:
        await brought_back(bench, "Recovered 2")
        assert len(bench.rows("Recovered 2")) == COUNT
        assert bench.rows("Recovered") == []
        bench.engine.profile.loose.write_bytes(b"")
        await bench.engine.command(BackUp(path=str(tmp_path / "backup")))
    assert (tmp_path / "backup" / "loose").exists()
