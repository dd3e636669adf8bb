"""What a start may not wait for: what is not imported until the list is on the screen."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.profile import Profile
from desktopmail.ui import start
from tests.helpers.store import add_account, inbox_of, mail, open_store, put

if TYPE_CHECKING:
    from pathlib import Path

# Each took part of what a window of PySide6 itself takes; all of them come in afterwards.
NOT_BEFORE_THE_LIST = (
    "PySide6.QtNetwork",
    "PySide6.QtPrintSupport",
    "PySide6.QtWebEngineCore",
    "aiohttp",
    "asyncio",
    "concurrent.futures",
    "cryptography",
    "desktopmail.door.attach",
    "desktopmail.door.search",
    "desktopmail.mime",
    "desktopmail.net",
    "desktopmail.ui.actions",
    "desktopmail.ui.chooser",
    "desktopmail.ui.commands",
    "desktopmail.ui.composer",
    "desktopmail.ui.menus",
    "desktopmail.ui.panels",
    "desktopmail.ui.reading",
    "desktopmail.ui.server_room",
    "desktopmail.ui.transcript",
    "email",
    "platformdirs",
    "qasync",
    "selectolax",
    "ssl",
    "tomlkit",
    "tomllib",
    "typer",
)
_UNTIL_PAINTED = """
import json, sys
from pathlib import Path
from desktopmail.ui import start

start.start_engine = lambda _profile: None
import desktopmail.ui.app as app

paint = app.Program._paint

def tell(self, window):
    paint(self, window)
    rows = window.list_pane.list.model().rowCount()
    print(json.dumps({"rows": rows, "modules": sorted(sys.modules)}))
    raise SystemExit

app.Program._paint = tell
start.run(start.Options(profile=Path(sys.argv[1])))
"""


def fill(folder: Path) -> None:
    async def work() -> None:
        async with open_store(folder) as store:
            await store.write(
                lambda tx: put(tx, inbox_of(tx, add_account(tx)), [mail(n) for n in range(3)])
            )

    folder.mkdir(mode=0o700)
    asyncio.run(work())


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("start") / "profile"
    fill(folder)
    done = subprocess.run(
        [sys.executable, "-c", _UNTIL_PAINTED, str(folder)],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_list_is_painted_before_all_the_rest(painted: dict[str, object]) -> None:
    assert painted["rows"] == 3


@pytest.mark.parametrize("module", NOT_BEFORE_THE_LIST)
def test_a_start_does_not_wait_for(painted: dict[str, object], module: str) -> None:
    modules = painted["modules"]
    assert isinstance(modules, list)
    assert [name for name in modules if name == module or name.startswith(f"{module}.")] == []


def test_the_engine_is_not_started_for_a_fresh_profile(tmp_path: Path) -> None:
    assert start.start_engine(Profile.at(tmp_path / "none")) is None
