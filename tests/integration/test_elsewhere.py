"""Engine, command line and bundled server where there is no more than Windows has.

Windows itself is not run here: what it lacks is taken away from these processes (see
`tests/helpers/elsewhere`), so that the engine is reached on loopback.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from desktopmail.door.address import LOOPBACK_HOST, LoopbackAddress, read_port
from tests.helpers.server import ServerProcess, server_process
from tests.helpers.without import python_path, run_without

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.helpers.program import Program

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
    """The bundled server, without what is not there; so is all that is started after it."""
    monkeypatch.setenv("PYTHONPATH", python_path())
    folder = tmp_path / "server"
    folder.mkdir()
    with server_process(folder, users=("alice", "bob", "carol")) as running:
        yield running


def wait_until_gone(path: Path) -> None:
    for _ in range(400):
        if not path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} is still there")


def test_mail_is_sent_and_synced_and_the_engine_ends_after_its_clients(program: Program) -> None:
    address = LoopbackAddress(program.profile / "address")
    program.ok("send", "--account", "alice-imap", "--to", "bob@localhost", "--subject", "Hello")
    port = read_port(address)
    with socket.create_connection((LOOPBACK_HOST, port.port)) as stranger:
        stranger.sendall(b"x" * 64)
        with contextlib.suppress(ConnectionResetError):  # that, too, is an end without a word
            assert stranger.recv(100) == b""
    program.ok("sync")
    rows = program.ok("list", "INBOX", "--account", "bob-pop3", "--json").json
    assert [row["subject"] for row in rows] == ["Hello"]
    wait_until_gone(address.path)
    assert program.log() == ""


def test_an_engine_that_is_killed_leaves_its_address_and_the_next_one_is_found(
    program: Program,
) -> None:
    address = LoopbackAddress(program.profile / "address")
    program.ok("account", "list")
    program.kill_engine()
    left = read_port(address)
    program.ok("sync")
    assert read_port(address).token != left.token


def test_somebody_who_listens_where_an_engine_died_is_passed_over(program: Program) -> None:
    address = LoopbackAddress(program.profile / "address")
    program.kill_engine()
    left = read_port(address)
    with socket.create_server((LOOPBACK_HOST, left.port)) as stranger:
        program.ok("sync")
        heard, _ = stranger.accept()
        with heard:
            assert left.token not in heard.recv(1000)
    assert read_port(address).token != left.token


def test_a_signal_ends_engine_and_server_in_order(program: Program, server: ServerProcess) -> None:
    address = LoopbackAddress(program.profile / "address")
    program.ok("account", "list")
    os.kill(program.engine_pid(), signal.SIGTERM)
    wait_until_gone(address.path)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(20) == 0
    assert program.log() == ""


def test_one_server_has_a_folder(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from localserver.lock import lock_folder
from localserver.store.errors import LockedError

lock = lock_folder(Path(sys.argv[1]))
try:
    lock_folder(Path(sys.argv[1]))
except LockedError as error:
    print(error)
"""
    assert "Another server works on the folder" in run_without(code, str(tmp_path)).stdout
