"""The ready file."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest

from localserver.ready import Ready

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_whole_and_for_its_user_alone(tmp_path: Path) -> None:
    ready = Ready({"imap": 5}, "/ca.pem", "t0ken", "mail.test", "127.0.0.1", 7)
    path = tmp_path / "ready.json"
    ready.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {
        "ports": {"imap": 5}, "ca_file": "/ca.pem", "token": "t0ken", "domain": "mail.test",
        "host": "127.0.0.1", "pid": 7,
    }  # fmt: skip
    assert list(tmp_path.iterdir()) == [path]


def test_an_older_file_is_replaced_and_its_rights_with_it(tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    path.write_text("x" * 10_000)
    path.chmod(0o644)
    Ready({}, None, "", "localhost", "::1", 7).write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.endswith("}\n")
    assert text.count("\n") == 1
    assert json.loads(text)["ca_file"] is None


def test_a_place_that_cannot_be_written_is_named_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ready.json"
    with pytest.raises(OSError, match="No such file") as refused:
        Ready({}, None, "", "localhost", "::1", 7).write(path)
    assert refused.value.filename == str(path)
