"""Moves and copies are counted as done only where they are proved."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    CopyMessages,
    DeleteMessages,
    DiscardOperation,
    MoveMessages,
    RetryOperation,
    SetOffline,
    StoreFlags,
)
from desktopmail.door.rows import Flag
from desktopmail.engine import journal
from desktopmail.engine.sync import expunge
from desktopmail.net.imap import ImapClient
from desktopmail.wire.imap.flags import DELETED
from desktopmail.wire.imap.sequence import Uid, UidSet
from desktopmail.wire.imap.store import StoreMode
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import (
    PASSWORDS,
    Bench,
    other_device,
    relayed_engine,
    removed_elsewhere,
    running_engine,
)
from tests.helpers.relay import Relay
from tests.helpers.store import bare, mail, put
from tests.helpers.told import flags_there, octets_are_there, settled, shown_is_there, there
from tests.helpers.virtual import Scene, play

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from desktopmail.engine.store.store import Transaction


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
            await removed_elsewhere(server, 1)
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


@pytest.mark.parametrize("without", [(), ("MOVE", "IMAP4REV2")])
async def test_a_server_that_tells_of_messages_nobody_asked_for_has_none_of_them_removed(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    """COPYUID names what was copied; one that names more proves nothing of the rest."""

    def lie(line: bytes) -> bytes:
        return re.sub(rb"\[COPYUID (\d+) 1 1\]", rb"[COPYUID \1 1:3 1:3]", line)

    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        relay = Relay(server.ports["imap"], lie)
        async with relayed_engine(tmp_path, server, relay) as (bench, _):
            await bench.sync()
            await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 0"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await settled(bench)
            assert there(server) == ["Subject 1", "Subject 2"]
            assert there(server, "Junk") == ["Subject 0"]
            shown_is_there(bench, server, "INBOX", "Junk")


Command = type[MoveMessages] | type[CopyMessages]
WITHOUT_MOVE = ("MOVE", "IMAP4REV2")


@pytest.mark.parametrize(
    ("kind", "without", "anew"),
    [
        (CopyMessages, (), ("Junk",)),
        (CopyMessages, WITHOUT_MOVE, ("INBOX", "Junk")),
        (MoveMessages, (), ("INBOX", "Junk")),
        (MoveMessages, (), ("INBOX",)),
        (MoveMessages, WITHOUT_MOVE, ("Junk",)),
        (MoveMessages, ("UIDPLUS", *WITHOUT_MOVE), ("INBOX", "Junk")),
    ],
)
@pytest.mark.parametrize("is_done", [True, False])
def test_what_was_cut_stands_once_though_mailboxes_got_other_uids_meanwhile(
    is_done: bool, kind: Command, without: tuple[str, ...], anew: tuple[str, ...]
) -> None:
    """RFC 9051 section 2.3.1.1: under another UIDVALIDITY the UIDNEXT of before says nothing."""
    cut = {"cut": 0} if is_done else {"drop": True}

    async def scene(scene: Scene) -> None:
        bench, server = scene.bench, scene.server
        for number in range(3):
            await server.deliver_async("alice", mail(number))
        for number in range(10, 15):
            await server.deliver_async("alice", mail(number), mailbox="Junk")
        await bench.add(server)
        await bench.sync()
        # A copy that stands there already is not taken for the one that is made.
        junk = bench.mailbox("Junk")
        copied = (bench.placed("Subject 1"),)
        await bench.engine.command(CopyMessages(placement_ids=copied, mailbox_id=junk))
        others = tuple(bench.placed(f"Subject {number}", "Junk") for number in range(10, 15))
        await bench.engine.command(DeleteMessages(placement_ids=others, permanently=True))
        await bench.sync()
        verb = "UID MOVE" if kind is MoveMessages and not without else "UID COPY"
        server.add_fault(Fault(protocol="imap", command=verb, **cut))
        wanted = tuple(bench.placed(f"Subject {number}") for number in (0, 1))
        said = len(server.transcript.commands())
        await bench.engine.command(kind(placement_ids=wanted, mailbox_id=junk))
        while not any(verb in line for line in server.transcript.commands()[said:]):
            await asyncio.sleep(0.01)
        while is_done and len(await scene.subjects_at("alice", "Junk")) < 3:
            await asyncio.sleep(0.01)
        await scene.renumber("alice", *anew)
        await asyncio.sleep(120.0)
        await bench.sync()
        assert bench.reader.operations() == []
        left = ["Subject 2"] if kind is MoveMessages else [f"Subject {n}" for n in range(3)]
        for path, subjects in (
            ("Junk", ["Subject 0", "Subject 1", "Subject 1"]),
            ("INBOX", left),
        ):
            assert await scene.subjects_at("alice", path) == subjects
            assert bench.subjects(path) == subjects

    play(scene, without=without)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "without"),
    [
        (CopyMessages, ()),
        (MoveMessages, ()),
        (MoveMessages, WITHOUT_MOVE),
        (MoveMessages, ("UIDPLUS", *WITHOUT_MOVE)),
    ],
)
def test_a_target_that_gets_other_uids_around_the_command_itself_costs_and_doubles_nothing(
    kind: Command, without: tuple[str, ...], when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it ended was asked a moment before, under the UIDVALIDITY that it had."""

    async def scene(scene: Scene) -> None:
        bench, server = scene.bench, scene.server
        for number in range(3):
            await server.deliver_async("alice", mail(number))
        for number in (*range(10, 15), 1):
            await server.deliver_async("alice", mail(number), mailbox="Junk")
        await bench.add(server)
        await bench.sync()
        others = tuple(bench.placed(f"Subject {number}", "Junk") for number in range(10, 15))
        await bench.engine.command(DeleteMessages(placement_ids=others, permanently=True))
        await bench.sync()
        verb = "uid_move" if kind is MoveMessages and not without else "uid_copy"
        said: Callable[..., Awaitable[object]] = getattr(ImapClient, verb)

        async def around(client: ImapClient, *told: object) -> object:
            monkeypatch.undo()
            if when == "before":
                await scene.renumber("alice", "Junk")
            answer = await said(client, *told)
            if when == "after":
                await scene.renumber("alice", "Junk")
            return answer

        monkeypatch.setattr(ImapClient, verb, around)
        wanted = tuple(bench.placed(f"Subject {number}") for number in (0, 1))
        await bench.engine.command(kind(placement_ids=wanted, mailbox_id=bench.mailbox("Junk")))
        await asyncio.sleep(120.0)
        await bench.sync()
        assert bench.reader.operations() == []
        left = ["Subject 2"] if kind is MoveMessages else [f"Subject {n}" for n in range(3)]
        for path, subjects in (
            ("Junk", ["Subject 0", "Subject 1", "Subject 1"]),
            ("INBOX", left),
        ):
            assert await scene.subjects_at("alice", path) == subjects
            assert bench.subjects(path) == subjects

    play(scene, without=without)


def test_what_another_device_copied_meanwhile_does_not_stay_where_it_was_moved_from() -> None:
    async def scene(scene: Scene) -> None:
        bench, server = scene.bench, scene.server
        await server.deliver_async("alice", mail(1))
        await bench.add(server)
        await bench.sync()
        server.add_fault(Fault(protocol="imap", command="UID MOVE", drop=True))
        move = MoveMessages(
            placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
        )
        await bench.engine.command(move)
        while not any("UID MOVE" in line for line in server.transcript.commands()):
            await asyncio.sleep(0.01)
        await server.deliver_async("alice", mail(1), mailbox="Junk")
        await asyncio.sleep(60.0)
        await bench.sync()
        assert bench.subjects() == await scene.subjects_at("alice") == []
        assert bench.subjects("Junk") == await scene.subjects_at("alice", "Junk") == ["Subject 1"]

    play(scene)


@pytest.mark.parametrize("without", [(), WITHOUT_MOVE])
@pytest.mark.parametrize("kind", [MoveMessages, CopyMessages])
async def test_what_was_refused_behind_a_part_of_it_is_not_copied_twice(
    kind: Command, without: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expunge, "MAX_RANGES", 1)
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(4):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            verb = "UID MOVE" if kind is MoveMessages and not without else "UID COPY"
            server.add_fault(Fault(protocol="imap", command=verb, nth=2, reply="NO [INUSE] Busy"))
            wanted = (bench.placed("Subject 1"), bench.placed("Subject 3"))
            await bench.engine.command(kind(placement_ids=wanted, mailbox_id=bench.mailbox("Junk")))
            await bench.sync()
            await settled(bench)
            assert there(server, "Junk") == ["Subject 1", "Subject 3"]
            shown_is_there(bench, server, "INBOX", "Junk")


async def test_a_message_that_is_copied_twice_is_there_twice(tmp_path: Path) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            await bench.engine.command(SetOffline(offline=True))
            copy = CopyMessages(
                placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
            )
            await bench.engine.command(copy)
            await bench.engine.command(copy)
            await bench.engine.command(SetOffline(offline=False))
            await settled(bench)
            assert there(server, "Junk") == ["Subject 1", "Subject 1"]
            shown_is_there(bench, server, "Junk")


@pytest.mark.parametrize("kind", [MoveMessages, CopyMessages])
@pytest.mark.parametrize("is_deleted", [True, False])
async def test_what_went_from_where_it_was_to_be_moved_from_is_not_shown_where_it_never_came(
    is_deleted: bool, kind: Command, tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS) as server:
        async with other_device(server) as device:
            await device.create("one")
            await device.append("one", mail(1))
            async with running_engine(tmp_path) as bench:
                await bench.add(server)
                await bench.sync()
                verb = "UID MOVE" if kind is MoveMessages else "UID COPY"
                busy = Fault(protocol="imap", command=verb, reply="NO [INUSE] Busy", times=None)
                server.add_fault(busy)
                wanted = (bench.placed("Subject 1", "one"),)
                await bench.engine.command(
                    kind(placement_ids=wanted, mailbox_id=bench.mailbox("Junk"))
                )
                for _ in range(5):
                    await bench.sync()
                (failed,) = bench.reader.operations()
                assert failed.state == "failed"
                if is_deleted:
                    await device.delete("one")
                else:
                    await device.select("one")
                    await device.uid_store(UidSet.of([Uid(1)]), StoreMode.ADD, [DELETED])
                    await device.expunge()
                for _ in range(3):
                    await bench.sync()
                await bench.engine.command(DiscardOperation(operation_id=failed.id))
                await bench.sync()
                assert bench.subjects("Junk") == there(server, "Junk") == []


@pytest.mark.parametrize("end", [RetryOperation, DiscardOperation])
@pytest.mark.parametrize("without", [(), WITHOUT_MOVE])
@pytest.mark.parametrize("kind", [MoveMessages, CopyMessages])
async def test_what_a_server_did_not_do_is_done_when_it_is_tried_again_with_what_was_marked(
    kind: Command,
    without: tuple[str, ...],
    end: type[RetryOperation | DiscardOperation],
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            command = bench.engine.command
            await command(SetOffline(offline=True))
            verb = "UID MOVE" if kind is MoveMessages and not without else "UID COPY"
            server.add_fault(Fault(protocol="imap", command=verb, reply="OK done"))
            wanted = (bench.placed("Subject 1"),)
            await command(kind(placement_ids=wanted, mailbox_id=bench.mailbox("Junk")))
            if kind is MoveMessages:
                marked = (bench.placed("Subject 1", "Junk"),)
                await command(StoreFlags(placement_ids=marked, add=Flag.FLAGGED))
            await command(SetOffline(offline=False))
            await bench.sync()
            (failed,) = bench.reader.operations()
            assert (bench.subjects(), bench.subjects("Junk")) == (["Subject 1"], [])
            await command(end(operation_id=failed.id))
            await settled(bench)
            shown_is_there(bench, server, "INBOX", "Junk")
            tried = end is RetryOperation
            assert there(server, "Junk") == ["Subject 1"] * tried
            assert there(server) == ["Subject 1"] * (kind is CopyMessages or not tried)
            if kind is MoveMessages:
                path = "Junk" if tried else "INBOX"
                assert flags_there(server, "Subject 1", path) == {"\\Flagged"}


TELLS_NOTHING = ("UIDPLUS", "IMAP4REV2")
OLD_SERVERS = pytest.mark.parametrize(
    "without",
    [
        pytest.param(TELLS_NOTHING, id="a move is not told"),
        pytest.param(("MOVE", *TELLS_NOTHING), id="nor is a copy"),
    ],
)
# Of one size, or of others: the header is the same.
BODIES = pytest.mark.parametrize("bodies", [("one", "two"), ("one", "another")])


async def all_moved_to_junk(bench: Bench) -> None:
    await bench.engine.command(
        MoveMessages(
            placement_ids=tuple(row.id for row in bench.rows()), mailbox_id=bench.mailbox("Junk")
        )
    )
    await settled(bench)


@OLD_SERVERS
async def test_where_only_their_headers_are_here_the_size_tells_such_messages_apart(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await bench.engine.store.write(
                lambda tx: tx.execute("UPDATE mailbox SET policy = 'headers'")
            )
            for body in ("one", "another"):
                server.deliver("alice", bare(body))
            await bench.sync(account_id)
            await removed_elsewhere(server, 1)
            await all_moved_to_junk(bench)
            (row,) = bench.rows("Junk")
            assert row.size_octets == len(bare("another"))
            assert len(server.messages("alice", "Junk")) == 1


@OLD_SERVERS
@BODIES
async def test_of_two_with_one_header_that_names_nothing_the_one_that_is_left_is_told(
    bodies: tuple[str, str], without: tuple[str, ...], tmp_path: Path
) -> None:
    """Another device removed the first one: the second is not taken for it."""
    with LocalServer(PASSWORDS, without=without) as server:
        for body in bodies:
            server.deliver("alice", bare(body))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            await removed_elsewhere(server, 1)
            await all_moved_to_junk(bench)
            assert [one.octets for one in server.messages("alice", "Junk")] == [bare(bodies[1])]
            await octets_are_there(bench, server, "INBOX", "Junk")


@pytest.mark.parametrize("is_seen", [False, True])
async def test_what_arrived_meanwhile_with_such_a_header_proves_no_copy(
    is_seen: bool, tmp_path: Path
) -> None:
    """The server says OK and has copied nothing; another device puts its like into the target."""
    with LocalServer(PASSWORDS, without=("MOVE", *TELLS_NOTHING)) as server:
        server.deliver("alice", bare("one"))
        server.add_fault(Fault(protocol="imap", command="UID COPY", reply="OK done", times=None))
        async with running_engine(tmp_path) as bench:
            account_id = await bench.add(server)
            await bench.sync(account_id)
            (row,) = bench.rows()
            ids = (row.id,)

            def begun(tx: Transaction) -> None:
                journal.move(tx, ids, bench.mailbox("Junk"))
                tx.execute("UPDATE operation SET arguments = json_set(arguments, '$.uidnext', 1)")

            await bench.engine.command(SetOffline(offline=True))
            await bench.engine.store.write(begun)
            server.deliver("alice", bare("two"), mailbox="Junk")
            if is_seen:
                await bench.engine.store.write(
                    lambda tx: put(tx, bench.mailbox("Junk"), [bare("two")])
                )
            await bench.engine.command(SetOffline(offline=False))
            await bench.sync(account_id)
            assert [one.octets for one in server.messages("alice")] == [bare("one")]
            await octets_are_there(bench, server, "INBOX", "Junk")
