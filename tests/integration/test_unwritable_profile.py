"""A profile that cannot be written for a while: one sentence, and nothing lost or sent twice.

The disk is full, the file system was made read-only, or the disk fails; then it works again.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

import apsw
import pytest

from desktopmail.door.changes import StoreTrouble
from desktopmail.door.commands import MoveMessages, SaveDraft, SendMessage, StoreFlags
from desktopmail.door.interface import DoorError
from desktopmail.door.rows import Flag, Kind
from tests.helpers.store import mail
from tests.helpers.virtual import Scene, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand

WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "COMMIT")
# While nothing can be written the server is asked at growing intervals, and not in a storm.
MOST_DIALS = 25
TROUBLES = [
    pytest.param(apsw.FullError("database or disk is full"), "disk-full", id="full"),
    pytest.param(apsw.ReadOnlyError("attempt to write a readonly database"),
                 "profile-unwritable", id="read-only"),
    pytest.param(apsw.IOError("disk I/O error"), "profile-unwritable", id="failing"),
    pytest.param(None, "profile-unwritable", id="SQLite says so itself"),
]  # fmt: skip
SAID = pytest.mark.logs("^(the outbox waits: )?The (disk is full|store in .* cannot be written)")


@contextmanager
def unwritable(scene: Scene, trouble: apsw.Error | None) -> Iterator[None]:
    """Let every statement that writes fail; without an error: in the way of a read-only file."""
    store = scene.bench.engine.store
    both = (store._connection, store._segments._connection)

    def refuse(_cursor: object, sql: str, _bindings: object) -> bool:
        if trouble is not None and sql.startswith(WRITES):
            raise trouble
        return True

    for connection in both:
        connection.execute(f"PRAGMA query_only = {trouble is None}")
        connection.exec_trace = refuse
    try:
        yield
    finally:
        for connection in both:
            connection.exec_trace = None
            connection.execute("PRAGMA query_only = 0")


async def refused(scene: Scene, command: AnyCommand, code: str) -> None:
    with pytest.raises(DoorError) as caught:
        await scene.bench.engine.command(command)
    assert caught.value.code == code
    assert caught.value.sentence.endswith(".")
    assert str(scene.bench.engine.profile.folder) in caught.value.sentence
    assert caught.value.remedy


@SAID
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("trouble", "code"), TROUBLES)
def test_what_comes_meanwhile_is_fetched_when_it_can_be_kept(
    trouble: apsw.Error | None, code: str, kind: Kind
) -> None:
    async def scene(scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server, kind=kind)
        await scene.server.deliver_async("alice", mail(0))
        await scene.bench.sync(account_id)
        with unwritable(scene, trouble):
            for number in (1, 2):
                await scene.server.deliver_async("alice", mail(number))
            before = scene.wire.dials
            with pytest.raises(DoorError) as caught:
                await scene.bench.sync(account_id)
            assert caught.value.code == code
            await asyncio.sleep(1800.0)
            assert scene.bench.subjects() == ["Subject 0"]
            assert scene.wire.dials - before <= MOST_DIALS
        await asyncio.sleep(900.0)
        assert scene.bench.subjects() == ["Subject 0", "Subject 1", "Subject 2"]
        octets = [scene.bench.reader.octets(row.message_id) for row in scene.bench.rows()]
        assert octets == [mail(number) for number in range(3)]
        assert scene.bench.reader.problems() == []
        assert len(await scene.subjects_at("alice")) == 3

    play(scene)


@SAID
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("trouble", "code"), TROUBLES)
def test_it_is_told_once_as_long_as_it_lasts_and_to_who_comes_meanwhile(
    trouble: apsw.Error | None, code: str, kind: Kind
) -> None:
    """The store cannot say so itself: nothing can be kept there."""

    async def scene(scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server, kind=kind)
        await scene.bench.sync(account_id)
        told: list[AnyChange] = []
        scene.bench.engine.subscribe(told.append)

        def troubles() -> list[StoreTrouble]:
            return [one for one in told if isinstance(one, StoreTrouble)]

        with unwritable(scene, trouble):
            await scene.server.deliver_async("alice", mail(1))
            with pytest.raises(DoorError) as caught:
                await scene.bench.sync(account_id)
            assert caught.value.code == code
            await asyncio.sleep(1800.0)
            (said,) = troubles()
            assert (said.what, said.remedy) == (caught.value.sentence, caught.value.remedy)
            late: list[AnyChange] = []
            scene.bench.engine.subscribe(late.append)
            assert late == [said]
        await asyncio.sleep(900.0)
        assert troubles() == [said, StoreTrouble()]
        assert scene.bench.subjects() == ["Subject 1"]
        assert scene.bench.reader.problems() == []

    play(scene)


@pytest.mark.parametrize(("trouble", "code"), TROUBLES)
def test_what_a_person_does_meanwhile_is_refused_as_a_whole(
    trouble: apsw.Error | None, code: str
) -> None:
    async def scene(scene: Scene) -> None:
        for number in range(3):
            await scene.server.deliver_async("alice", mail(number))
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        placed = scene.bench.placed("Subject 1")
        commands: list[AnyCommand] = [
            StoreFlags(placement_ids=(placed,), add=Flag.FLAGGED),
            MoveMessages(placement_ids=(placed,), mailbox_id=scene.bench.mailbox("Archive")),
            SaveDraft(account_id=account_id, octets=mail(8)),
            SendMessage(
                account_id=account_id, sender="alice@localhost", recipients=("bob@localhost",),
                octets=mail(9),
            ),
        ]  # fmt: skip
        with unwritable(scene, trouble):
            for command in commands:
                await refused(scene, command, code)
        assert scene.bench.subjects() == ["Subject 0", "Subject 1", "Subject 2"]
        assert scene.bench.subjects("Archive") == scene.bench.subjects("Drafts") == []
        assert scene.bench.reader.operations() == scene.bench.reader.sendings() == []
        for command in commands:
            await scene.bench.engine.command(command)
        await asyncio.sleep(120.0)
        await scene.bench.sync(account_id)
        assert await scene.subjects_at("bob") == ["Subject 9"]
        assert await scene.subjects_at("alice", "Archive") == ["Subject 1"]
        assert await scene.subjects_at("alice", "Drafts") == ["Subject 8"]

    play(scene)


@SAID
@pytest.mark.parametrize(("trouble", "code"), TROUBLES)
def test_nothing_goes_out_that_could_not_be_recorded(trouble: apsw.Error | None, code: str) -> None:
    async def scene(scene: Scene) -> None:
        account_id = await scene.bench.add(scene.server)
        await scene.bench.sync(account_id)
        await scene.bench.engine.command(
            SendMessage(
                account_id=account_id, sender="alice@localhost", recipients=("bob@localhost",),
                octets=mail(1), delay_s=30.0,
            )
        )  # fmt: skip
        with unwritable(scene, trouble):
            await asyncio.sleep(600.0)
            assert await scene.subjects_at("bob") == []
            assert code
        await asyncio.sleep(600.0)
        await scene.bench.sync(account_id)
        assert await scene.subjects_at("bob") == ["Subject 1"]
        assert await scene.subjects_at("alice", "Sent") == ["Subject 1"]
        assert scene.bench.reader.questions() == []

    play(scene)
