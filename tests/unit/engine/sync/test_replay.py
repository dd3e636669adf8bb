"""What is changed here is seen at once and becomes so at the server, whatever it offers."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.commands import (
    ArchiveMessages,
    CopyMessages,
    DeleteMessages,
    MoveMessages,
    RetryOperation,
    SetOffline,
    StoreFlags,
    Undo,
)
from desktopmail.door.interface import DoorError
from desktopmail.door.queries import ReadTranscript, Transcript
from desktopmail.door.rows import Flag
from localserver.faults import Fault
from localserver.local import LocalServer
from tests.helpers.engine import PASSWORDS, Bench, running_engine
from tests.helpers.store import mail
from tests.helpers.told import flags_there, settled, shown_is_there, there
from tests.helpers.virtual import Scene, play

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


@pytest.mark.parametrize("heard", [(), (1,), (2,), (3,), (1, 2), (2, 3), (1, 3), (1, 2, 3)])
@pytest.mark.parametrize("without", LEVELS[:2])
async def test_whatever_the_server_heard_of_moves_and_marks_all_are_taken_back_in_turn(
    without: tuple[str, ...], heard: tuple[int, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            command = bench.engine.command
            await command(SetOffline(offline=True))

            async def hear() -> None:
                await command(SetOffline(offline=False))
                await settled(bench)
                await command(SetOffline(offline=True))

            marked = await command(
                StoreFlags(placement_ids=(bench.placed("Subject 1"),), add=Flag.SEEN)
            )
            first = await command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            if 1 in heard:
                await hear()
            second = await command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1", "Junk"),),
                    mailbox_id=bench.mailbox("Archive"),
                )
            )
            if 2 in heard:
                await hear()
            await command(Undo(token=second.undo or ""))
            assert bench.subjects("Junk") == ["Subject 1"]
            if 3 in heard:
                await hear()
            await command(Undo(token=first.undo or ""))
            assert bench.subjects() == ["Subject 1"]
            await command(Undo(token=marked.undo or ""))
            assert [row.flags for row in bench.rows()] == [Flag.NONE]
            await hear()
            assert [there(server, box) for box in ("INBOX", "Junk", "Archive")] == [
                ["Subject 1"], [], []
            ]  # fmt: skip
            assert flags_there(server, "Subject 1") == set()
            shown_is_there(bench, server, "INBOX", "Junk", "Archive")


async def test_what_was_moved_and_removed_elsewhere_cannot_be_taken_back_and_it_is_said(
    tmp_path: Path,
) -> None:
    with LocalServer(PASSWORDS) as server:
        server.deliver("alice", mail(1))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            moved = await bench.engine.command(
                MoveMessages(
                    placement_ids=(bench.placed("Subject 1"),), mailbox_id=bench.mailbox("Junk")
                )
            )
            await settled(bench)
            await bench.engine.command(
                DeleteMessages(placement_ids=(bench.placed("Subject 1", "Junk"),), permanently=True)
            )
            await settled(bench)
            with pytest.raises(DoorError) as caught:
                await bench.engine.command(Undo(token=moved.undo or ""))
            assert caught.value.code == "no-undo"


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


@pytest.mark.parametrize("without", LEVELS[:4])
async def test_what_is_moved_on_offline_is_one_move_and_what_comes_back_none(
    without: tuple[str, ...], tmp_path: Path
) -> None:
    with LocalServer(PASSWORDS, without=without) as server:
        for number in range(3):
            server.deliver("alice", mail(number))
        async with running_engine(tmp_path) as bench:
            await bench.add(server)
            await bench.sync()
            command = bench.engine.command
            await command(SetOffline(offline=True))
            ids = tuple(bench.placed(f"Subject {number}") for number in range(3))
            await command(MoveMessages(placement_ids=ids, mailbox_id=bench.mailbox("Junk")))
            ids = tuple(bench.placed(f"Subject {number}", "Junk") for number in range(3))
            await command(StoreFlags(placement_ids=ids, add=Flag.FLAGGED))
            await command(ArchiveMessages(placement_ids=ids[:1]))
            back = MoveMessages(placement_ids=ids[1:2], mailbox_id=bench.mailbox())
            undone = await command(back)
            before = len(await commands(bench))
            await command(SetOffline(offline=False))
            await settled(bench)
            said = (await commands(bench))[before:]
            verb = "UID COPY" if "MOVE" in without else "UID MOVE"
            assert sum(verb in line for line in said) == 2, said
            assert [there(server, box) for box in ("Archive", "INBOX", "Junk")] == [
                ["Subject 0"], ["Subject 1"], ["Subject 2"]
            ]  # fmt: skip
            for subject, box in (("0", "Archive"), ("1", "INBOX"), ("2", "Junk")):
                assert flags_there(server, f"Subject {subject}", box) == {"\\Flagged"}
            shown_is_there(bench, server, "INBOX", "Junk", "Archive")
            assert undone.undo is not None
            await command(Undo(token=undone.undo))
            await settled(bench)
            assert there(server, "Junk") == ["Subject 1", "Subject 2"]
            shown_is_there(bench, server, "INBOX", "Junk", "Archive")


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


def busy(command: str, times: int | None) -> Fault:
    return Fault(protocol="imap", command=command, times=times, reply="NO [INUSE] Busy")


def said(scene: Scene, verb: str) -> int:
    return sum(verb in line for line in scene.server.transcript.commands())


async def begun(scene: Scene, count: int = 3) -> None:
    for number in range(count):
        await scene.server.deliver_async("alice", mail(number))
    account_id = await scene.bench.add(scene.server)
    await scene.bench.sync(account_id)


async def move(scene: Scene, subject: str) -> None:
    bench = scene.bench
    await bench.engine.command(
        MoveMessages(placement_ids=(bench.placed(subject),), mailbox_id=bench.mailbox("Junk"))
    )


def test_what_is_refused_is_told_again_after_growing_waits() -> None:
    async def scene(scene: Scene) -> None:
        await begun(scene)
        scene.server.add_fault(busy("UID MOVE", times=3))
        await move(scene, "Subject 1")
        tried_at: list[float] = []
        for passed_s in range(120):
            tried_at += [float(passed_s)] * (said(scene, "UID MOVE") - len(tried_at))
            await asyncio.sleep(1.0)
        waits = [later - earlier for earlier, later in pairwise(tried_at)]
        assert len(waits) == 3
        assert 2 <= waits[0] < waits[1] < waits[2] <= 21
        assert await scene.subjects_at("alice", "Junk") == ["Subject 1"]
        assert scene.bench.reader.operations() == []

    play(scene)


def test_what_is_refused_each_time_is_shown_at_last_with_what_was_said() -> None:
    async def scene(scene: Scene) -> None:
        await begun(scene)
        scene.server.add_fault(busy("UID MOVE", times=None))
        await move(scene, "Subject 1")
        await asyncio.sleep(3600.0)
        (row,) = scene.bench.reader.operations()
        assert (row.state, row.tries, said(scene, "UID MOVE")) == ("failed", 5, 5)
        assert "Busy" in (row.problem or "")
        await scene.bench.engine.command(RetryOperation(operation_id=row.id))
        await asyncio.sleep(5.0)
        assert said(scene, "UID MOVE") == 6

    play(scene)


def test_who_gets_mail_or_says_so_has_what_was_refused_told_at_once() -> None:
    async def scene(scene: Scene) -> None:
        await begun(scene)
        scene.server.add_fault(busy("UID MOVE", times=2))
        await move(scene, "Subject 1")
        await asyncio.sleep(1.0)
        (row,) = scene.bench.reader.operations()
        assert (row.state, row.tries) == ("pending", 1)
        await scene.bench.engine.command(RetryOperation(operation_id=row.id))
        await asyncio.sleep(1.0)
        assert said(scene, "UID MOVE") == 2
        await scene.bench.sync(headers_only=True)
        assert scene.bench.reader.operations() == []

    play(scene)


def test_what_comes_later_for_the_same_message_waits_and_for_others_does_not() -> None:
    async def scene(scene: Scene) -> None:
        await begun(scene)
        scene.server.add_fault(busy("UID STORE", times=1))
        flag = scene.bench.engine.command
        first, second = (scene.bench.placed(f"Subject {number}") for number in (0, 1))
        await flag(StoreFlags(placement_ids=(first,), add=Flag.FLAGGED))
        await asyncio.sleep(1.0)
        await flag(StoreFlags(placement_ids=(first,), remove=Flag.FLAGGED))
        await flag(StoreFlags(placement_ids=(second,), add=Flag.FLAGGED))
        await asyncio.sleep(1.0)
        assert said(scene, "UID STORE") == 2
        await asyncio.sleep(60.0)
        flagged = [
            one.subject
            for one in await scene.server.messages_async("alice")
            if "\\Flagged" in one.flags
        ]
        assert flagged == ["Subject 1"]
        assert scene.bench.reader.operations() == []

    play(scene)


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0])
def test_a_clock_that_is_set_holds_nothing_up(jump_s: float) -> None:
    async def scene(scene: Scene) -> None:
        await begun(scene)
        scene.server.add_fault(busy("UID MOVE", times=1))
        await move(scene, "Subject 1")
        await asyncio.sleep(1.0)
        scene.clock.ahead_s = jump_s
        await asyncio.sleep(400.0)
        assert await scene.subjects_at("alice", "Junk") == ["Subject 1"]

    play(scene)
