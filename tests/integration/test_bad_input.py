"""What goes wrong is one sentence that names the thing, with exit 1, and nothing is lost."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.helpers.program import Program
from tests.helpers.server import PASSWORD, ServerProcess, server_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def password(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text(PASSWORD + "\n")
    return path


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "profile")


def is_one_sentence(text: str) -> bool:
    lines = text.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("desktopmail: ") and "Traceback" not in text


@pytest.mark.parametrize("kind", ["imap", "pop3"])
def test_a_wrong_password_is_named_and_nothing_is_saved(
    kind: str, server: ServerProcess, program: Program, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not this\n")
    run = program.add_account(server, "alice", wrong, kind=kind)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert "password" in run.err.lower()
    assert "not this" not in run.err
    assert program.ok("account", "list", "--json").json == []


def test_a_server_that_is_not_there_is_named(program: Program, password: Path) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        run = program.run(
            "account", "add", "--address", "a@example.org", "--imap", f"127.0.0.1:{port}",
            "--smtp", f"127.0.0.1:{port}", "--security", "none",
            "--password-file", str(password),
        )  # fmt: skip
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert f"127.0.0.1:{port}" in run.err


def test_a_server_that_went_away_leaves_what_was_fetched(
    program: Program, password: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with server_process(folder) as running:
        assert program.add_account(running, "alice", password).status == 0
        program.ok("send", "--to", "alice@localhost", "--subject", "Still here")
        program.ok("sync")
        before = program.ok("list", "INBOX", "--json").json
        assert [row["subject"] for row in before] == ["Still here"]
    run = program.run("sync")
    assert run.status == 1
    assert is_one_sentence(run.err) or "127.0.0.1" in run.out, (run.out, run.err)
    assert program.ok("list", "INBOX", "--json").json == before
    assert "Still here" in program.ok("show", str(before[0]["id"])).out


def test_a_port_in_use_is_named_by_the_server(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [
                sys.executable, "-m", "localserver", "serve", "--memory", "--imap", str(port),
                "--smtp", "0", "--submission", "0", "--submissions", "0", "--pop3", "0",
                "--pop3s", "0", "--imaps", "0", "--api", "-1",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_unreadable_settings_are_named_with_their_place(
    server: ServerProcess, program: Program, password: Path
) -> None:
    program.profile.mkdir()
    (program.profile / "settings.toml").write_text("this is = = not toml\n")
    run = program.add_account(server, "alice", password)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert "settings.toml" in run.err


def test_a_damaged_store_is_named_and_left_alone(
    server: ServerProcess, program: Program, password: Path
) -> None:
    program.profile.mkdir()
    damaged = b"This is not a database, and it has been here for years.\n" * 100
    (program.profile / "mail.db").write_bytes(damaged)
    run = program.add_account(server, "alice", password)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert "mail.db" in run.err or str(program.profile) in run.err
    assert (program.profile / "mail.db").read_bytes() == damaged


def test_a_profile_in_use_by_another_is_named(
    server: ServerProcess, program: Program, password: Path
) -> None:
    program.profile.mkdir()
    with (program.profile / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        run = program.add_account(server, "alice", password)
    assert run.status == 1
    assert is_one_sentence(run.err), run.err
    assert str(program.profile) in run.err


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted, which takes root")
def test_a_full_disk_is_named_and_what_was_here_stays(
    server: ServerProcess, program: Program, password: Path, tmp_path: Path
) -> None:
    program.profile.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(program.profile)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine mounts no tmpfs")
    try:
        assert program.add_account(server, "bob", password).status == 0
        program.ok("send", "--to", "bob@localhost", "--subject", "Small")
        program.ok("sync")
        before = program.ok("list", "INBOX", "--json").json
        big = tmp_path / "big.bin"
        big.write_bytes(os.urandom(4_000_000))
        # Another profile sends it, for this one has no room for it.
        other = Program(tmp_path / "other")
        assert other.add_account(server, "alice", password).status == 0
        other.ok("send", "--to", "bob@localhost", "--subject", "Big", "--attach", str(big))
        run = program.run("sync")
        assert run.status == 1, run.out
        assert "full" in (run.err + run.out).lower() or "no room" in (run.err + run.out).lower()
        assert "Traceback" not in run.err
        kept = program.ok("list", "INBOX", "--json").json
        assert [row["subject"] for row in kept if row["subject"] != "Big"] == ["Small"]
        assert "Small" in program.ok("show", str(before[0]["id"])).out
    finally:
        subprocess.run(["umount", "-l", str(program.profile)], check=True)
