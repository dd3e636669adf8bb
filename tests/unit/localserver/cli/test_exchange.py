"""`localserver import` and `export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.exchange.mbox import write_mbox
from localserver.local import LocalServer
from tests.helpers.exchange import DIFFICULT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    with LocalServer({"alice": "s"}, data=folder) as server:
        assert server.messages("alice") == []
    return folder


@pytest.mark.parametrize("kind", ["mbox", "maildir", "eml"])
def test_mail_goes_in_and_comes_out_as_it_was(tmp_path: Path, data: Path, kind: str) -> None:
    source = tmp_path / "source"
    with source.open("wb") as file:
        write_mbox(file, DIFFICULT)
    where = ["--data", str(data), "--user", "alice"]
    assert run(["import", str(source), *where, "--mailbox", "Old/2020"]) == 0
    target = str(tmp_path / "out")
    assert run(["export", target, *where, "--mailbox", "Old/2020", "--format", kind]) == 0
    assert run(["import", target, *where, "--mailbox", "Again"]) == 0
    with LocalServer({"alice": "s"}, data=data) as server:
        found = server.messages("alice", "Again")
    key = [(each.octets, each.flags, each.internal_date) for each in found]
    wanted = [(each.octets, each.flags, each.internal_date) for each in DIFFICULT]
    assert sorted(key, key=repr) == sorted(wanted, key=repr)


def test_nobody_and_nothing_are_named(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "no.eml"
    source.write_bytes(b"x")
    assert run(["import", str(source), "--data", str(data), "--user", "mallory"]) == 1
    assert "no user 'mallory'" in capsys.readouterr().err
    assert run(["export", str(source), "--data", str(data), "--user", "alice"]) == 1
    assert "exists already" in capsys.readouterr().err
