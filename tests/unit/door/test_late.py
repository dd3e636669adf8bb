"""A door whose engine comes later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.door.changes import EverythingChanged, ProblemsChanged
from desktopmail.door.commands import SetOffline
from desktopmail.door.late import LateDoor
from desktopmail.door.queries import EngineStatus, ReadStatus
from tests.helpers.fake_door import FakeStore

if TYPE_CHECKING:
    from desktopmail.door.changes import AnyChange


async def test_what_is_asked_before_waits_and_is_answered_after() -> None:
    door, engine = LateDoor(), FakeStore()
    async with asyncio.TaskGroup() as tasks:
        command = tasks.create_task(door.command(SetOffline(offline=True)))
        query = tasks.create_task(door.query(ReadStatus()))
        await asyncio.sleep(0)
        assert not command.done()
        assert engine.commands == []
        door.open(engine)
    assert engine.commands == [SetOffline(offline=True)]
    assert isinstance(query.result(), EngineStatus)


async def test_who_listened_before_is_told_that_everything_may_have_changed() -> None:
    door, engine = LateDoor(), FakeStore()
    told: list[AnyChange] = []
    door.subscribe(told.append)
    assert told == []
    door.open(engine)
    engine.tell(ProblemsChanged())
    assert told == [EverythingChanged(), ProblemsChanged()]


async def test_who_left_is_told_nothing() -> None:
    door, engine = LateDoor(), FakeStore()
    told: list[AnyChange] = []
    leave_early = door.subscribe(told.append)
    leave_early()
    door.open(engine)
    leave_late = door.subscribe(told.append)
    leave_late()
    leave_late()
    engine.tell(ProblemsChanged())
    assert told == []


async def test_leaving_leaves_the_door_behind_it() -> None:
    door, engine = LateDoor(), FakeStore()
    await door.aclose()
    door.open(engine)
    told: list[AnyChange] = []
    door.subscribe(told.append)
    await door.aclose()
    engine.tell(ProblemsChanged())
    assert told == []
