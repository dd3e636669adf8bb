"""The folder of a sandbox goes when its engine has gone, and its server."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SWEEPER = [sys.executable, "-m", "desktopmail.engine.sweeper"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "sandbox"
    (made / "mail").mkdir(parents=True)
    (made / "users").write_text("anna:secret")
    return made


@pytest.fixture
def sweeper(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [*SWEEPER, str(folder), str(folder / "ready.json")], stdin=subprocess.PIPE
    ) as process:
        yield process
        process.kill()


def let_go(sweeper: subprocess.Popen[bytes]) -> None:
    assert sweeper.stdin is not None
    sweeper.stdin.close()


def test_the_folder_stays_while_the_engine_is_there(
    folder: Path, sweeper: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        sweeper.wait(0.5)
    assert folder.exists()
    let_go(sweeper)
    assert sweeper.wait(30) == 0
    assert not folder.exists()


def test_the_server_has_ended_before_its_folder_goes(
    folder: Path, sweeper: subprocess.Popen[bytes]
) -> None:
    (folder / "ready.json").touch()
    let_go(sweeper)
    time.sleep(0.5)
    assert folder.exists()
    (folder / "ready.json").unlink()
    assert sweeper.wait(30) == 0
    assert not folder.exists()
