"""`localserver snapshot`, `cert`, `check-config` and `queue`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from localserver.cli.program import run
from localserver.local import LocalServer

if TYPE_CHECKING:
    from pathlib import Path


def test_a_snapshot_is_saved_and_restored(tmp_path: Path) -> None:
    data, copy = tmp_path / "data", tmp_path / "copy"
    with LocalServer({"alice": "s"}, data=data) as server:
        server.deliver("alice", b"Subject: x\r\n\r\n")
    assert run(["snapshot", "save", str(copy), "--data", str(data)]) == 0
    assert run(["snapshot", "save", str(copy), "--data", str(data)]) == 1
    assert run(["snapshot", "restore", str(copy), "--data", str(data)]) == 0
    with LocalServer({"alice": "s"}, data=data) as server:
        assert len(server.messages("alice")) == 1


def test_the_certificate_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cert", "--data", str(tmp_path), "--domain", "mail.test", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert {"mail.test", "localhost", "127.0.0.1", "::1"} <= set(shown["names"])
    assert shown["made"] is True
    run(["cert", "--data", str(tmp_path), "--domain", "mail.test", "--json"])
    assert json.loads(capsys.readouterr().out)["made"] is False
    run(["cert", "--data", str(tmp_path), "--domain", "mail.test"])
    told = capsys.readouterr().out
    assert f"for: {', '.join(shown['names'])}\n" in told
    assert "True" not in told
    assert "made now" not in told


def test_a_mistake_in_the_configuration_is_named_by_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "server.toml"
    file.write_text('domain = "mail.test"\n\n[listen]\nimap = "many"\n')
    assert run(["check-config", str(file)]) == 1
    assert f"{file}, line 4: imap takes a number." in capsys.readouterr().err
    file.write_text('domain = "mail.test"\n')
    assert run(["check-config", str(file)]) == 0


@pytest.mark.parametrize(
    "text", ['certificate = "no.pem"', 'certificate = "a"\nkey = "no.pem"', 'client_ca = "no.pem"']
)
def test_a_configuration_whose_files_are_missing_is_not_in_order(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").touch()
    file = tmp_path / "server.toml"
    file.write_text(text + "\n")
    assert run(["check-config", str(file)]) == 1
    said = capsys.readouterr()
    assert "no.pem" in said.err
    assert said.out == ""


def test_an_empty_queue_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with LocalServer({"alice": "s"}, data=tmp_path):
        pass
    assert run(["queue", "list", "--data", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["queue", "retry", "--data", str(tmp_path)]) == 0
    capsys.readouterr()
    assert run(["queue", "drop", "7", "--data", str(tmp_path), "--json"]) == 1
    said = "There is no message 7 in the queue; `localserver queue list` shows the ids."
    assert capsys.readouterr().err == f"localserver: {said}\n"


def test_a_check_tells_each_database_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    with LocalServer({"alice": "s"}, data=data):
        pass
    assert run(["check", "--data", str(data)]) == 0
    assert "0 damaged" in capsys.readouterr().out
    path = data / "captured.db"
    path.write_bytes(b"nonsense" * 4000)
    assert run(["check", "--data", str(data), "--json"]) == 1
    assert list(json.loads(capsys.readouterr().out)["wrong"]) == [str(path)]


def test_a_folder_that_does_not_exist_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong"
    for command in (["check"], ["snapshot", "save", str(tmp_path / "copy")], ["queue", "list"]):
        assert run([*command, "--data", str(wrong)]) == 1
        assert f"There is no folder {wrong}; name that of a server" in capsys.readouterr().err
        assert not wrong.exists()
