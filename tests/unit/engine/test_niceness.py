"""The engine gives way: its process does, its session does, a terminal it shares does not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from desktopmail.engine.niceness import AUTOGROUP, NICENESS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no nice(2) there")

_TOLD = """
import logging, os, sys
from pathlib import Path
from desktopmail.engine.niceness import give_way
logging.basicConfig(level=logging.INFO)
give_way(Path(sys.argv[1]))
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


def _given_way(autogroup: Path, *, own_session: bool) -> tuple[int, str]:
    found = subprocess.run(
        [sys.executable, "-c", _TOLD, str(autogroup)],
        capture_output=True, text=True, check=True, start_new_session=own_session,
    )  # fmt: skip
    return int(found.stdout), found.stderr


def test_others_go_first(tmp_path: Path) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert _given_way(tmp_path / "none", own_session=False)[0] == max(own, NICENESS)


def test_a_session_of_its_own_gives_way_as_a_whole(tmp_path: Path) -> None:
    autogroup = tmp_path / "autogroup"
    autogroup.write_text("/autogroup-7 nice 0\n")
    niceness, _ = _given_way(autogroup, own_session=True)
    assert autogroup.read_text() == str(niceness)


def test_the_session_of_a_terminal_keeps_its_priority(tmp_path: Path) -> None:
    autogroup = tmp_path / "autogroup"
    autogroup.write_text("/autogroup-7 nice 0\n")
    _given_way(autogroup, own_session=False)
    assert autogroup.read_text() == "/autogroup-7 nice 0\n"


def test_a_kernel_that_refuses_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "autogroup").mkdir()  # cannot be written, also by root
    _, told = _given_way(tmp_path / "autogroup", own_session=True)
    assert "The session of the engine keeps its priority: Is a directory." in told


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="a kernel without autogroups")
def test_the_kernel_takes_the_niceness_of_a_session() -> None:
    code = _TOLD + f"print(Path({str(AUTOGROUP)!r}).read_text())"
    found = subprocess.run(
        [sys.executable, "-c", code, str(AUTOGROUP)],
        capture_output=True, text=True, check=True, start_new_session=True,
    )  # fmt: skip
    niceness, group = found.stdout.split(maxsplit=1)
    assert group.split()[-1] == niceness
    assert "keeps its priority" not in found.stderr
