"""One window for each profile: a second start hands its link over and ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QDir
from PySide6.QtNetwork import QLocalSocket

from desktopmail.ui.instance_name import instance_name, may_be_open
from desktopmail.ui.single_instance import SingleInstance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def taken(tmp_path: Path, qtbot: QtBot) -> Iterator[list[str]]:
    """A window is open; the list holds what it was given."""
    del qtbot
    found: list[str] = []
    window = SingleInstance(tmp_path)
    window.listen(found.append)
    yield found
    window.close()


_SECOND = (
    "import sys; from pathlib import Path;"
    "from desktopmail.ui.single_instance import SingleInstance;"
    "sys.exit(not SingleInstance(Path(sys.argv[1])).hand_over(sys.argv[2]))"
)


def start_again(folder: Path, link: str, qtbot: QtBot) -> bool:
    """Hand a link over as a second program does, while the first one's loop runs."""
    second = subprocess.Popen([sys.executable, "-c", _SECOND, str(folder), link])
    qtbot.waitUntil(lambda: second.poll() is not None, timeout=20_000)
    return second.returncode == 0


@pytest.mark.parametrize("link", ["", "mailto:ben@example.org?subject=Gr%C3%BC%C3%9Fe", "MAILTO:x"])
def test_a_second_start_gives_its_link_to_the_window_that_is_open(
    tmp_path: Path, taken: list[str], qtbot: QtBot, link: str
) -> None:
    assert may_be_open(tmp_path)
    assert start_again(tmp_path, link, qtbot)
    assert taken == [link]  # an empty one brings the window forward


def test_nothing_but_mailto_is_taken_from_another_program(
    tmp_path: Path, taken: list[str], qtbot: QtBot
) -> None:
    assert start_again(tmp_path, "https://example.org/", qtbot)
    assert taken == []


def test_a_window_of_another_profile_is_left_alone(
    tmp_path: Path, taken: list[str], qtbot: QtBot
) -> None:
    other = tmp_path / "other"
    assert not may_be_open(other)
    assert not start_again(other, "mailto:ben@example.org", qtbot)
    assert taken == []


def test_what_a_crashed_window_left_behind_is_in_nobodys_way(tmp_path: Path, qtbot: QtBot) -> None:
    left = Path(QDir.tempPath(), instance_name(tmp_path))
    left.touch()
    try:
        assert may_be_open(tmp_path)
        assert not start_again(tmp_path, "", qtbot)
        found: list[str] = []
        window = SingleInstance(tmp_path)
        window.listen(found.append)
        assert start_again(tmp_path, "mailto:a@b.example", qtbot)
        assert found == ["mailto:a@b.example"]
        window.close()
    finally:
        left.unlink(missing_ok=True)


def test_whoever_writes_without_end_is_cut_off(
    tmp_path: Path, taken: list[str], qtbot: QtBot
) -> None:
    socket = QLocalSocket()
    socket.connectToServer(instance_name(tmp_path))
    assert socket.waitForConnected(2_000)
    with qtbot.waitSignal(socket.disconnected, timeout=5_000):
        socket.write(b"x" * 300_000)
    assert taken == []


def test_connections_that_ended_are_forgotten(
    tmp_path: Path, taken: list[str], qtbot: QtBot
) -> None:
    window = SingleInstance(tmp_path / "own")
    window.listen(taken.append)
    for _ in range(3):
        assert start_again(tmp_path / "own", "", qtbot)
    server = window._server
    assert server is not None
    qtbot.waitUntil(lambda: server.findChildren(QLocalSocket) == [], timeout=5_000)
    window.close()
