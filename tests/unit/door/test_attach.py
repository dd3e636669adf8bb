"""Attaching starts the engine where it does not run, and notices when it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from desktopmail.door import attach as attaching
from desktopmail.door.address import WAY_VARIABLE
from desktopmail.door.attach import attach
from desktopmail.door.child import EngineProcess
from desktopmail.door.commands import StartSandbox
from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.door.profile import Profile
from desktopmail.door.queries import EngineStatus, ReadStatus
from desktopmail.engine.niceness import NICENESS
from desktopmail.file_lock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["socket", "loopback"])
def profile(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Profile]:
    with tempfile.TemporaryDirectory() as runtime:  # short, as the address of a socket has to be
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
        monkeypatch.setenv(WAY_VARIABLE, request.param)
        monkeypatch.setattr(attaching, "_deaths", {})
        yield Profile.at(tmp_path / "profile")


async def test_the_second_client_finds_the_engine_of_the_first(profile: Profile) -> None:
    first = await attach(profile)
    second = await attach(profile, spawn=False)
    assert first.door.engine_pid == second.door.engine_pid != os.getpid()
    status = await second.door.query(ReadStatus())
    assert isinstance(status, EngineStatus)
    assert status.pid == first.door.engine_pid
    assert profile.address.path.stat().st_mode & 0o077 == 0
    await first.aclose()
    await second.aclose()


@pytest.mark.skipif(sys.platform == "win32", reason="no nice(2) there")
async def test_an_engine_that_is_started_lets_the_window_have_the_cores_first(
    profile: Profile,
) -> None:
    session = await attach(profile)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, session.door.engine_pid) == max(own, NICENESS)
    await session.aclose()


async def test_two_that_start_it_at_once_get_the_same(profile: Profile) -> None:
    one, other = await asyncio.gather(attach(profile), attach(profile))
    assert one.door.engine_pid == other.door.engine_pid
    await one.aclose()
    await other.aclose()


async def test_an_engine_that_is_just_ending_is_waited_for(profile: Profile) -> None:
    """It listens no longer, and has the profile until all of it is closed."""
    profile.folder.mkdir()
    ending = FileLock(profile.lock, "one that is ending")
    asyncio.get_running_loop().call_later(1, ending.release)
    session = await attach(profile)
    assert session.door.engine_pid != os.getpid()
    await session.aclose()


async def test_whoever_has_the_profile_for_good_is_named(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attaching, "HELD_TIMEOUT_S", 1)
    profile.folder.mkdir()
    held = FileLock(profile.lock, "a copying program")
    with pytest.raises(DoorError, match="is in use by a copying program"):
        await attach(profile)
    held.release()


async def test_a_second_engine_on_a_profile_leaves_the_first_one_where_it_is(
    profile: Profile,
) -> None:
    session = await attach(profile)
    child = EngineProcess.start(profile)
    while not child.ended:
        await asyncio.sleep(0.05)
    assert child.failure().code == "profile-in-use"
    assert f"(process {session.door.engine_pid})" in child.failure().sentence
    other = await attach(profile, spawn=False)
    assert other.door.engine_pid == session.door.engine_pid
    await other.aclose()
    await session.aclose()


async def test_the_engine_ends_after_its_last_client(profile: Profile) -> None:
    session = await attach(profile)
    await session.aclose()
    for _ in range(200):
        if not profile.address.path.exists():
            return
        await asyncio.sleep(0.05)
    pytest.fail("the engine went on without clients")


async def test_a_killed_engine_is_noticed_at_once_and_started_again(profile: Profile) -> None:
    session = await attach(profile)
    waiting = asyncio.gather(session.door.command(StartSandbox()), return_exceptions=True)
    await asyncio.sleep(0.3)
    os.kill(session.door.engine_pid, signal.SIGKILL)
    (error,) = await asyncio.wait_for(waiting, 20)
    assert isinstance(error, EngineGoneError)
    assert session.gone.is_set()
    with pytest.raises(EngineGoneError):
        await session.door.query(ReadStatus())
    again = await attach(profile)
    assert again.door.engine_pid != session.door.engine_pid
    await again.aclose()


@pytest.mark.slow
async def test_three_deaths_in_a_minute_stop_the_starting(profile: Profile) -> None:
    for _ in range(3):
        session = await attach(profile)
        os.kill(session.door.engine_pid, signal.SIGKILL)
        await asyncio.wait_for(session.gone.wait(), 20)
    with pytest.raises(DoorError) as caught:
        await attach(profile)
    assert caught.value.code == "engine-dies"


async def test_why_it_cannot_start_is_one_sentence(profile: Profile) -> None:
    profile.folder.mkdir()
    profile.settings.write_text("poll_minutes = 'often'\n")
    with pytest.raises(DoorError) as caught:
        await attach(profile)
    assert caught.value.code == "bad-settings"
    assert str(profile.settings) in caught.value.sentence


async def test_without_an_engine_and_without_starting_one_it_is_said(profile: Profile) -> None:
    with pytest.raises(DoorError) as caught:
        await attach(profile, spawn=False)
    assert caught.value.code == "engine-not-running"
