"""The tray of a real desktop: an X server, a session bus, and an icon that is clicked."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.display import display
from tests.helpers.notice_server import session_bus
from tests.helpers.tray_host import tray_host

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.peer("Xvfb", "dbus-daemon")
async def test_a_closed_window_stays_in_the_tray_comes_back_and_is_ended_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_bus(tmp_path, monkeypatch) as address, display() as screen:
        async with tray_host(address) as tray:
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.gui.xvfb_tray",
                env={**os.environ, "DISPLAY": screen, "QT_QPA_PLATFORM": "xcb"},
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            said = program.stdout
            assert said is not None

            async def told() -> dict[str, Any]:
                line = await asyncio.wait_for(said.readline(), 40)
                return dict(json.loads(line))

            try:
                begun = await told()
                assert begun["stays"]
                assert await told() == {"visible": False, "ended": False}
                await asyncio.wait_for(tray.came.wait(), 20)
                assert f"{begun['unread']} unread messages" in await tray.tip()
                await tray.click()
                assert await told() == {"visible": True}
                assert {"Show the Window", "Get Mail", "Write a Message"} < set(await tray.menu())
                await tray.choose("Quit")
                assert await told() == {"ended": True}
                assert await asyncio.wait_for(program.wait(), 20) == 0
            finally:
                if program.returncode is None:
                    program.kill()
                    await program.wait()
