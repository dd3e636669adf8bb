"""What is changed here is seen at once and becomes so at the server, whatever it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    ArchiveMessages,
    CopyMessages,
    DeleteMessages,
    DiscardOperation,
    MoveMessages,
    SaveDraft,
    SetOffline,
    StoreFlags,
    Undo,
)
from desktopmail.door.queries import ReadTranscript, Transcript
from desktopmail.door.rows import Flag
from desktopmail.wire.imap.flags import flag
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, other_device, running_engine
from tests.helpers.store import mail

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = [
    pytest.param((), id="all"),
    pytest.param(("UIDPLUS", "IMAP4REV2"), id="without-UIDPLUS"),
    pytest.param(("MOVE", "IMAP4REV2"), id="without-MOVE"),
    pytest.param(("MOVE", "UIDPLUS", "IMAP4REV2"), id="without-MOVE-and-UIDPLUS"),
    pytest.param(
        ("QRESYNC", "CONDSTORE", "ESEARCH", "UIDPLUS", "MOVE", "LIST-EXTENDED", "LIST-STATUS",
         "SPECIAL-USE", "ENABLE", "UNSELECT", "LITERAL+", "IMAP4REV2"),
        id="bare-IMAP4rev1",
    ),
]  # fmt: skip


def there(server: LocalServer, path: str = "INBOX") -> list[str]:
    return sorted(one.subject for one in server.messages("alice", path))


def flags_there(server: LocalServer, subject: str, path: str = "INBOX") -> set[str]:
    (found,) = [one for one in server.messages("alice", path) if one.subject == subject]
    return set(found.flags) - {"\\Recent"}


async def settled(bench: Bench) -> None:
    """The journal is told, and what is shown is what the server has."""
    await bench.sync()
    assert bench.reader.operations() == []
    assert bench.reader.problems() == []


def shown_is_there(bench: Bench, server: LocalServer, *paths: str) -> None:
    for path in paths:
        assert bench.subjects(path) == there(server, path), path


@pytest.mark.parametrize("without", LEVELS)
async def test_every_operation_reaches_the_server(without: tuple[str, ...], tmp_path: Path) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(10):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            engine = bench.engine
            await engine.command(
                StoreFlags(
                    placement_ids=(bench.placed("Subject 0"), bench.placed("Subject 1")),
                    add=Flag.SEEN | Flag.FLAGGED,
                    add_tags=("work",),
                )
            )
            await engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 2"), bench.placed("Subject 3")),
                    mailbox_id=bench.mailbox("Junk"),
                )
            )
            await engine.command(
                CopyMessages(
                    placement_ids=(bench.placed("Subject 4"),), mailbox_id=bench.mailbox("Sent")
                )
            )
            await engine.command(ArchiveMessages(placement_ids=(bench.placed("Subject 5"),)))
            await engine.command(DeleteMessages(placement_ids=(bench.placed("Subject 6"),)))
            await engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 7"),), permanently=True)
            )
            assert bench.subjects() == [f"Subject {n}" for n in (0, 1, 4, 8, 9)]  # at once
            assert bench.subjects("Junk") == ["Subject 2", "Subject 3"]
            await settled(bench)
            shown_is_there(bench, server, "INBOX", "Junk", "Sent", "Archive", "Trash")
            assert there(server) == [f"Subject {n}" for n in (0, 1, 4, 8, 9)]
            assert there(server, "Trash") == ["Subject 6"]
            assert flags_there(server, "Subject 0") == {"\\Seen", "\\Flagged", "work"}
            row = next(row for row in bench.rows() if row.subject == "Subject 1")
            assert (row.flags, row.tags) == (Flag.SEEN | Flag.FLAGGED, ("work",))


@pytest.mark.parametrize("without", LEVELS)
async def test_a_command_is_taken_back_after_the_server_heard(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number), flags=("\\Seen",) if number == 1 else ())
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            marked = await bench.engine.command(
                StoreFlags(
                    placement_ids=(bench.placed("Subject 0"), bench.placed("Subject 1")),
                    add=Flag.SEEN,
                )
            )
            moved = await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 2"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await settled(bench)
            assert there(server, "Junk") == ["Subject 2"]
            for outcome in (marked, moved):
                assert outcome.undo is not None
                await bench.engine.command(Undo(token=outcome.undo))
            await settled(bench)
            shown_is_there(bench, server, "INBOX", "Junk")
            assert there(server) == [f"Subject {n}" for n in range(4)]
            assert flags_there(server, "Subject 0") == set()
            assert flags_there(server, "Subject 1") == {"\\Seen"}  # it was read before


async def test_a_chain_of_commands_on_one_message_arrives_in_order(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            engine = bench.engine
            await engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await engine.command(
                StoreFlags(placement_ids=(bench.placed("Subject 1", "Junk"),), add=Flag.FLAGGED)
            )
            await engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1", "Junk"),),
                    mailbox_id=bench.mailbox("Archive"),
                )
            )
            await settled(bench)
            assert (there(server), there(server, "Junk")) == ([], [])
            assert flags_there(server, "Subject 1", "Archive") == {"\\Flagged"}
            shown_is_there(bench, server, "INBOX", "Junk", "Archive")


@pytest.mark.parametrize("without", [("UIDPLUS", "IMAP4REV2"), ("UIDPLUS", "MOVE", "IMAP4REV2")])
async def test_never_is_more_expunged_than_we_marked(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [flag("\\Deleted")])
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 2"),), permanently=True)
            )
            await settled(bench)
            assert there(server) == ["Subject 0", "Subject 1", "Subject 2"]  # all still there
            assert "\\Deleted" in flags_there(server, "Subject 2")
            assert bench.subjects() == ["Subject 1"]  # what is marked stays hidden


async def test_many_changes_are_told_as_ranges(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(300):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            before = len(server.transcript.commands())
            for row in bench.rows():
                await bench.engine.store.write(lambda tx, one=row.id: journal_store(tx, one))
            await settled(bench)
            said = [line for line in server.transcript.commands()[before:] if "UID STORE" in line]
            assert len(said) == 1, said
            assert "1:300" in said[0]
            assert all("\\Seen" in one.flags for one in server.messages("alice"))


def journal_store(tx, placement_id) -> None:  # noqa: ANN001
    from desktopmail.engine import journal

    journal.store_flags(tx, [placement_id], add=Flag.SEEN)


async def test_a_draft_is_saved_as_versions_and_one_is_left(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync()
            first = await bench.engine.command(
                SaveDraft(account_id=account_id, octets=mail(1, subject="Draft", body="one"))
            )
            await bench.engine.command(
                SaveDraft(
                    account_id=account_id,
                    octets=mail(1, subject="Draft", body="two"),
                    replaces=first.ids[0],
                )
            )
            await settled(bench)
            (kept,) = server.messages("alice", "Drafts")
            assert kept.octets.endswith(b"two\r\n")
            assert "\\Draft" in kept.flags
            shown_is_there(bench, server, "Drafts")


async def test_a_move_that_was_cut_short_is_found_done_and_not_done_twice(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            junk, inbox = bench.mailbox("Junk"), bench.mailbox()
            ids = (bench.placed("Subject 0"), bench.placed("Subject 1"))

            # As a kill between the server's doing and our hearing of it leaves the journal.
            def cut(tx) -> None:  # noqa: ANN001
                from desktopmail.engine import journal

                journal.move(tx, ids, junk)
                tx.execute(
                    "UPDATE operation SET state = 'running',"
                    " arguments = json_set(arguments, '$.uidnext', 1)"
                )

            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_move(UidSet.of([Uid(1)]), "Junk")
            await bench.engine.store.write(cut)
            await settled(bench)
            assert there(server) == ["Subject 2"]
            assert there(server, "Junk") == ["Subject 0", "Subject 1"]
            shown_is_there(bench, server, "INBOX", "Junk")
            assert inbox != junk


async def test_a_message_that_another_device_removed_ends_its_operation(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        for number in range(2):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            async with other_device(server) as device:
                await device.select("INBOX")
                await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [flag("\\Deleted")])
                await device.expunge()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 0"), bench.placed("Subject 1")),
                    mailbox_id=bench.mailbox("Junk"),
                )
            )
            await settled(bench)
            assert there(server, "Junk") == ["Subject 1"]
            shown_is_there(bench, server, "INBOX", "Junk")


@pytest.mark.parametrize("without", [(), ("MOVE", "IMAP4REV2"), ("MOVE", "UIDPLUS", "IMAP4REV2")])
async def test_a_tagged_ok_proves_no_copy_and_removes_nothing(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """RFC 9051 section 6.4.9: the server says OK and has copied nothing."""
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(1))
        for verb in ("UID MOVE", "UID COPY"):
            server.add_fault(Fault(protocol="imap", command=verb, reply="OK done", times=None))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await bench.sync()
            assert there(server) == ["Subject 1"]
            assert bench.subjects() == ["Subject 1"]
            assert bench.subjects("Junk") == []
            (failed,) = bench.reader.operations()
            assert failed.state == "failed"


async def test_an_append_that_is_not_there_does_not_remove_the_source(tmp_path: Path) -> None:
    """Across accounts: add, prove, then remove."""
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        fault = Fault(protocol="imap", command="APPEND", user="bob", reply="OK done", times=None)
        server.add_fault(fault)
        async with running_engine(tmp_path) as bench:
            alice = await bench.add(server)
            bob = await bench.add(server, "bob")
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),),
                    mailbox_id=bench.mailbox("INBOX", bob),
                )
            )
            await bench.sync()
            await bench.sync()
            assert there(server) == ["Subject 1"]
            failed = [one for one in bench.reader.operations() if one.state == "failed"]
            assert [one.account_id for one in failed] == [bob]
            await bench.engine.command(DiscardOperation(operation_id=failed[0].id))
            await bench.sync()
            assert bench.subjects("INBOX", alice) == ["Subject 1"]
            assert bench.subjects("INBOX", bob) == []
            assert there(server) == ["Subject 1"]
            assert bench.reader.operations() == []


async def commands(bench: Bench) -> list[str]:
    """What was said to the servers."""
    transcript = await bench.engine.query(ReadTranscript())
    assert isinstance(transcript, Transcript)
    return [
        line
        for record in transcript.records
        if record.sender == "C"
        for line in record.octets.decode("ascii", "replace").splitlines()
    ]


async def test_days_of_work_offline_are_told_in_a_few_commands(tmp_path: Path) -> None:
    """Read, tag and file, message after message: what is told are ranges, whatever was between."""
    count = 160
    with LocalServer(PASSWORDS) as server:
        for number in range(count):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            rows = sorted(bench.rows(), key=lambda row: row.id)
            await bench.engine.command(SetOffline(offline=True))
            junk = bench.mailbox("Junk")
            for number, row in enumerate(rows):
                ids = (row.id,)
                await bench.engine.command(StoreFlags(placement_ids=ids, add=Flag.SEEN))
                if number % 2:
                    await bench.engine.command(StoreFlags(placement_ids=ids, add_tags=("work",)))
                    await bench.engine.command(MoveMessages(placement_ids=ids, mailbox_id=junk))
                elif number % 4 == 0:
                    await bench.engine.command(DeleteMessages(placement_ids=ids, permanently=True))
            assert len(bench.reader.operations()) == count * 9 // 4
            before = len(await commands(bench))
            await bench.engine.command(SetOffline(offline=False))
            await settled(bench)
            said = (await commands(bench))[before:]
            assert sum("STORE" in line for line in said) <= 6, said
            assert sum("MOVE" in line for line in said) <= 1, said
            assert len(there(server)) == count // 4
            assert len(there(server, "Junk")) == count // 2
            assert {frozenset(one.flags) for one in server.messages("alice", "Junk")} == {
                frozenset({"\\Seen", "work"})
            }
            shown_is_there(bench, server, "INBOX", "Junk")


async def test_one_that_is_refused_takes_no_others_with_it(tmp_path: Path) -> None:
    fault = Fault(protocol="imap", command="UID STORE", nth=1, reply="NO [LIMIT] Too much at once")
    with LocalServer(PASSWORDS) as server:
        for number in range(8):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            rows = bench.rows()
            await bench.engine.command(SetOffline(offline=True))
            for row in rows:
                await bench.engine.command(StoreFlags(placement_ids=(row.id,), add=Flag.FLAGGED))
            server.add_fault(fault)
            await bench.engine.command(SetOffline(offline=False))
            await settled(bench)
            assert all("\\Flagged" in one.flags for one in server.messages("alice"))
