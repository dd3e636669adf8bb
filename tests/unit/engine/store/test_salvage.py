"""Of a damaged database everything that can be read stays, and no octets are lost."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import apsw
import pytest

from desktopmail.door.commands import SendMessage, SetOffline, StoreFlags
from desktopmail.door.interface import DoorError
from desktopmail.door.profile import Profile
from desktopmail.door.rows import Flag, Kind, SendingState
from desktopmail.engine import doctor
from desktopmail.engine.store import salvage, schema
from desktopmail.net.ports import system_ports
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, MemoryKeyring, running_engine, synced_engine, until
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

told = pytest.mark.logs("was damaged|makes no sense|can be read|cannot be read")
PAGE = 4096
COUNT = 120


def fold(path: Path) -> None:
    """Bring a database into one file."""
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()


def pages_of(path: Path, *names: str) -> list[int]:
    """The pages of some tables and indexes, but for their roots."""
    connection = apsw.Connection(str(path))
    try:
        rows = connection.execute(
            "SELECT name, pageno, path FROM dbstat WHERE pagetype = 'leaf'"
        ).fetchall()
    finally:
        connection.close()
    return [page for name, page, where in rows if name in names and where != "/"]


def spoil(path: Path, pages: list[int]) -> None:
    size = apsw_page_size(path)
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xaa" * 512)


def names(folder: Path) -> list[str]:
    """The databases of a profile."""
    return sorted(path.name for path in folder.glob("mail*.db"))


def apsw_page_size(path: Path) -> int:
    with path.open("rb") as file:
        file.seek(16)
        size = int.from_bytes(file.read(2), "big")
    return 65_536 if size == 1 else size


@told
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_page_is_bad_no_octets_are_lost_and_a_server_tells_the_rest_again(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        for number in range(COUNT):
            server.deliver("alice", mail(number, body=f"word{number} " * 50))
        async with synced_engine(tmp_path, server, ring) as (bench, _):
            ids = tuple(row.id for row in bench.rows())
            await bench.engine.command(
                StoreFlags(placement_ids=ids, add=Flag.FLAGGED, add_tags=("work",))
            )
            await bench.sync()
        profile = Profile.at(tmp_path)
        fold(profile.database)
        tables = ("message", "placement", "blob", "placement_tag", "word_queue", "person")
        found = pages_of(profile.database, *tables)
        spoil(profile.database, chance.sample(found, min(3, len(found))))
        salvage.ask_for(profile)
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            assert len(bench.rows()) == COUNT
            kept = {bench.reader.octets(row.message_id) for row in bench.rows()}
            assert kept == {one.octets for one in server.messages("alice")}
            assert all(row.flags & Flag.FLAGGED and row.tags == ("work",) for row in bench.rows())
            assert await doctor.examine(bench.engine.store, system_ports(), repair=True) != []
            assert await doctor.examine(bench.engine.store, system_ports(), repair=False) == []
        assert not profile.salvage.exists()
        assert (tmp_path / "mail.damaged-1.db").exists()


@told
async def test_octets_whose_rows_are_lost_stay_and_others_find_their_message(
    tmp_path: Path,
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        contents = [mail(number) for number in range(6)]
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, contents, first_uid=None))
    profile = Profile.at(tmp_path)
    connection = apsw.Connection(str(profile.database))
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("DELETE FROM blob WHERE id IN (1, 2, 5); DELETE FROM message WHERE id = 5")
    connection.close()
    salvage.ask_for(profile)
    async with open_store(tmp_path) as store:
        assert store.salvaged is not None
        assert store.salvaged.loose == 1
        assert store.salvaged.sentences()[1] == (
            "1 message has lost the place it had: look into the mailbox Recovered."
        )
        assert profile.loose.exists()
        rows = await store.read(
            lambda tx: [
                (row[0], tx.segments.read(row[1], row[2]))
                for row in tx.fetch(
                    "SELECT m.id, b.segment, b.position FROM message AS m"
                    " JOIN blob AS b ON b.id = m.blob_id ORDER BY m.id"
                )
            ]
        )
        (loose,) = await store.read(
            lambda tx: [
                tx.segments.read(*row)
                for row in tx.fetch(
                    "SELECT segment, position FROM blob WHERE id NOT IN"
                    " (SELECT blob_id FROM message WHERE blob_id IS NOT NULL)"
                )
            ]
        )
    assert rows == [(number + 1, mail(number)) for number in (0, 1, 2, 3, 5)]
    assert loose == mail(4)


@told
async def test_what_waits_to_be_sent_is_sent_although_its_row_of_octets_is_lost(
    tmp_path: Path,
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        async with synced_engine(tmp_path, server, ring, kind=Kind.POP3) as (bench, account_id):
            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.command(
                SendMessage(
                    account_id=account_id, sender="alice@localhost",
                    recipients=("bob@localhost",), octets=mail(1),
                )
            )  # fmt: skip
        profile = Profile.at(tmp_path)
        connection = apsw.Connection(str(profile.database))
        connection.execute("PRAGMA foreign_keys = OFF; DELETE FROM blob")
        connection.close()
        salvage.ask_for(profile)
        async with running_engine(tmp_path, ring) as bench:
            await until(
                lambda: [row.state for row in bench.reader.sendings()] == [SendingState.DONE],
                "it is sent",
            )
        assert next(iter(server.messages("bob"))).octets.endswith(mail(1))


@told
@pytest.mark.parametrize("kind", [Kind.IMAP, Kind.POP3])
@pytest.mark.parametrize("in_log", [False, True])
async def test_a_database_without_its_first_page_is_what_it_was(
    tmp_path: Path, kind: Kind, in_log: bool
) -> None:
    ring = MemoryKeyring()
    with LocalServer(PASSWORDS) as server:
        for number in range(COUNT):
            server.deliver("alice", mail(number, body=f"word{number} " * 50))
        async with synced_engine(tmp_path, server, ring, kind=kind) as (bench, _):
            await bench.engine.command(
                StoreFlags(placement_ids=tuple(row.id for row in bench.rows()), add=Flag.FLAGGED)
            )
            await bench.sync()
            before = bench.rows()
        profile = Profile.at(tmp_path)
        fold(profile.database)
        if in_log:  # as after a crash
            _leave_a_log(profile.database)
        with profile.database.open("r+b") as file:
            file.write(b"\xaa" * PAGE)
        damaged = profile.database.read_bytes()
        salvage.ask_for(profile)
        said = len(server.transcript.commands())
        async with running_engine(tmp_path, ring) as bench:
            await bench.sync()
            assert bench.rows() == before
            assert bench.reader.accounts()[0].name == ("renamed" if in_log else f"alice-{kind}")
            assert await doctor.examine(bench.engine.store, system_ports(), repair=True) != []
            assert await doctor.examine(bench.engine.store, system_ports(), repair=False) == []
        assert not any("BODY.PEEK[]" in one for one in server.transcript.commands()[said:])
        assert not profile.loose.exists()
        assert (tmp_path / "mail.damaged-1.db").read_bytes() == damaged
        assert names(tmp_path) == ["mail.damaged-1.db", "mail.db"]


def _leave_a_log(database: Path) -> None:
    """Change something that stands in the write-ahead log alone, and leave that behind."""
    connection = apsw.Connection(str(database))
    connection.wal_autocheckpoint(0)
    connection.execute("UPDATE account SET name = 'renamed'")
    log = database.with_name(database.name + "-wal").read_bytes()
    assert log
    main = database.read_bytes()
    connection.close()
    database.write_bytes(main)
    database.with_name(database.name + "-wal").write_bytes(log)


@told
@pytest.mark.parametrize("lost", ["all of it", "the file", "its length"])
async def test_where_nothing_can_be_read_octets_stay_and_a_new_one_is_begun(
    tmp_path: Path, lost: str
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(number) for number in range(5)]))
    profile = Profile.at(tmp_path)
    octets = {"all of it": b"\xaa" * 50_000, "its length": b""}.get(lost)
    if octets is None:
        profile.database.unlink()
    else:
        profile.database.write_bytes(octets)
    if lost == "all of it":
        salvage.ask_for(profile)
    async with open_store(tmp_path) as store:
        assert store.salvaged is not None
        first, second = store.salvaged.sentences()
        assert first.startswith("Nothing could be read of the list of messages and accounts")
        assert first.endswith("Add your accounts again.")
        assert second == (
            "5 messages have lost the place they had: look into the mailbox Recovered of the first"
            " account that you add."
        )
        assert await doctor.examine(store, system_ports(), repair=False) != []
        assert await doctor.examine(store, system_ports(), repair=False) == []
    async with open_store(tmp_path) as store:
        kept = await store.read(
            lambda tx: {
                tx.segments.read(*row) for row in tx.fetch("SELECT segment, position FROM blob")
            }
        )
    assert kept == {mail(number) for number in range(5)}
    assert not profile.salvage.exists()
    damaged = tmp_path / "mail.damaged-1.db"
    assert (damaged.read_bytes() if damaged.exists() else None) == octets


@told
async def test_a_damaged_database_is_put_together_where_all_octets_are_gone(tmp_path: Path) -> None:
    (tmp_path / "mail.db").write_bytes(random.Random(7).randbytes(3 * PAGE))
    Profile.at(tmp_path).salvage.touch()
    async with running_engine(tmp_path) as bench:
        assert bench.reader.accounts() == []
    assert names(tmp_path) == ["mail.damaged-1.db", "mail.db"]


async def test_one_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.write(add_account)
    profile = Profile.at(tmp_path)
    connection = apsw.Connection(str(profile.database))
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    salvage.ask_for(profile)
    with pytest.raises(DoorError) as caught:
        async with open_store(tmp_path):
            pass
    assert caught.value.code == "newer-store"
    assert names(tmp_path) == ["mail.db"]


@told
async def test_no_segment_gets_the_number_of_one_that_is_lost(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(1)]))
        await store.read(lambda tx: tx.segments.begin_next())
        await store.write(lambda tx: put(tx, inbox, [mail(2)], first_uid=9))
    profile = Profile.at(tmp_path)
    profile.segment(2).unlink()
    connection = apsw.Connection(str(profile.database))
    connection.execute("PRAGMA foreign_keys = OFF; DELETE FROM message WHERE id = 1")
    connection.close()
    salvage.ask_for(profile)
    async with open_store(tmp_path) as store:
        assert await store.read(lambda tx: tx.segments.number) == 3


@told
async def test_one_that_was_cut_off_before_its_last_step_is_finished(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        await store.write(lambda tx: put(tx, inbox_of(tx, account_id), [mail(1)]))
    profile = Profile.at(tmp_path)
    fold(profile.database)
    (tmp_path / "mail.new.db").write_bytes(profile.database.read_bytes())
    profile.database.rename(tmp_path / "mail.damaged-1.db")
    salvage.ask_for(profile)
    async with open_store(tmp_path) as store:
        assert store.salvaged is not None
        assert await store.read(lambda tx: tx.fetch("SELECT count(*) FROM message")) == [(1,)]
    assert not profile.salvage.exists()


@told
@pytest.mark.parametrize("lost", ["a page", "all of it", "the file"])
@pytest.mark.parametrize("renames", [0, 1, 2])
async def test_wherever_it_is_cut_off_the_next_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str, renames: int
) -> None:
    async with open_store(tmp_path) as store:
        account_id = await store.write(add_account)
        inbox = await store.read(lambda tx: inbox_of(tx, account_id))
        await store.write(lambda tx: put(tx, inbox, [mail(number) for number in range(5)]))
    profile = Profile.at(tmp_path)
    if lost == "the file":
        profile.database.unlink()
    else:
        with profile.database.open("r+b") as file:
            file.write(b"\xaa" * (PAGE if lost == "a page" else 1_000_000))
        salvage.ask_for(profile)
    done: list[str] = []
    rename = Path.rename

    def once_more(path: Path, target: Path) -> Path:
        if len(done) == renames:
            raise OSError(28, "No space left on device")
        done.append(path.name)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", once_more)
    with contextlib.suppress(DoorError):  # a lost file takes but two
        async with open_store(tmp_path):
            pass
    assert len(done) == renames
    monkeypatch.undo()
    async with open_store(tmp_path) as store:
        contents = await store.read(
            lambda tx: {
                tx.segments.read(*row) for row in tx.fetch("SELECT segment, position FROM blob")
            }
        )
        placed = await store.read(lambda tx: tx.fetch("SELECT count(*) FROM placement")[0][0])
    assert contents == {mail(number) for number in range(5)}
    assert placed == (5 if lost == "a page" else 0)
    assert profile.loose.exists() == (lost != "a page")
    assert set(names(tmp_path)) <= {"mail.db", "mail.damaged-1.db"}
