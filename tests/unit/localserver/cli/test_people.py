"""`localserver user`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.lock import lock_folder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.timeout(60)
def test_users_are_added_listed_changed_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    data = ["--data", str(tmp_path / "d")]
    file = ["--password-file", str(secret)]
    assert run(["user", "add", "Alice", *data, *file]) == 0
    assert run(["user", "add", "alice", *data, *file]) == 1
    assert "already" in capsys.readouterr().err
    assert run(["user", "add", "a b", *data, *file]) == 1
    assert run(["user", "password", "alice", *data, *file]) == 0
    assert run(["user", "password", "alice", *data, "--application", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out.splitlines()[-1])["application"]) == 24
    assert run(["user", "list", *data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "alice", "quota_octets": None, "apop": True, "kept": True}
    ]
    assert run(["user", "remove", "alice", *data]) == 0
    assert run(["user", "remove", "alice", *data]) == 1
    octets = b"".join(path.read_bytes() for path in (tmp_path / "d").glob("users.db*"))
    assert b"hunter2" not in octets


def test_a_folder_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lock = lock_folder(tmp_path)
    assert run(["user", "list", "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"A server or another command works on the folder {tmp_path}; stop it" in said
    assert said.count("\n") == 1
    lock.release()
