"""What tests of the command line begin with: a server, and a profile with two accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.helpers.program import Program
from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    folder = tmp_path / "server"
    folder.mkdir()
    with server_process(folder, users=("alice", "bob", "carol")) as running:
        yield running


@pytest.fixture
def program(server: ServerProcess, tmp_path: Path) -> Program:
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    program = Program(tmp_path / "profile")
    for user, kind in (("alice", "imap"), ("bob", "pop3")):
        run = program.add_account(server, user, password, kind=kind)
        assert run.status == 0, run.err
    return program
