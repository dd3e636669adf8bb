"""Notifications on a server that others wrote: dunst, on a display and a bus of our own."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from desktopmail.tasks import TaskScope
from desktopmail.ui.notices.news import Notice
from desktopmail.ui.notices.notice_service import NoticeService
from desktopmail.ui.notices.session_bus import BusError
from tests.helpers.display import display
from tests.helpers.notice_server import session_bus
from tests.helpers.qt_loop import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.peer("dunst", "dunstctl", "Xvfb", "dbus-daemon")

NEWS = Notice("Bob", ("Fish & <b>chips</b>", "Work"), (("default", "Open"), ("archive", "Archive")))


async def opened(scope: TaskScope) -> NoticeService:
    """The service, as soon as it runs: here nobody starts it when it is asked for."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await NoticeService.open(scope)
            except BusError:
                await asyncio.sleep(0.1)


@asynccontextmanager
async def dunst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NoticeService]:
    failed: list[Exception] = []
    program = shutil.which("dunst")
    assert program is not None
    with session_bus(tmp_path, monkeypatch), display() as screen:
        environment = {**os.environ, "DISPLAY": screen, "HOME": str(tmp_path)}
        environment.pop("WAYLAND_DISPLAY", None)
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            program, env=environment, stdout=quiet, stderr=quiet
        )
        try:
            async with TaskScope(lambda _name, error: failed.append(error)) as scope:
                service = await opened(scope)
                yield service
                await service.aclose()
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)
    assert failed == []


async def ctl(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        "dunstctl", *words, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    return said.decode()


async def history() -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(await ctl("history"))["data"][0]
    return [{name: value["data"] for name, value in entry.items()} for entry in entries]


async def test_it_shows_what_we_wrote_and_takes_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with dunst(tmp_path, monkeypatch) as service:
        assert {"actions", "body", "body-markup"} <= service.can
        first = await service.show(NEWS)
        assert await service.show(NEWS, replaces=first) == first
        assert (await ctl("count", "displayed")).strip() == "1"
        await service.withdraw(first)
        assert (await ctl("count", "displayed")).strip() == "0"
        (entry,) = await history()
        assert entry["summary"] == "Bob"
        assert entry["appname"] == "desktopmail"
        assert entry["category"] == "email.arrived"
        assert entry["body"] == "Fish &amp; &lt;b&gt;chips&lt;/b&gt;\nWork"
        await service.withdraw(first)  # it is gone


async def test_a_click_on_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with dunst(tmp_path, monkeypatch) as service:
        told: list[tuple[int, str]] = []
        service.on_action = lambda number, name: told.append((number, name))
        number = await service.show(NEWS)
        await ctl("action", "0")
        await until(lambda: told)
        assert told == [(number, "default")]
