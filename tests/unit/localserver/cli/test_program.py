"""How commands end."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from desktopmail import __version__
from localserver.cli.program import run


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["serve"], 1, "--data DIR or --memory"),
        (["frobnicate"], 2, "frobnicate"),
        (["serve", "--nonsense"], 2, "--nonsense"),
        (["serve", "--memory", "--imap", "99999"], 1, "--imap takes a port"),
        (["serve", "--memory", "--user", "alice"], 1, "NAME:PASSWORD"),
        (["serve", "--memory", "--fault-plan", "/nothing"], 1, "/nothing cannot be read"),
        (["check-config", "/nothing.toml"], 1, "/nothing.toml cannot be read"),
        ([], 2, "Missing command. See localserver --help."),
        (["queue"], 2, "Missing command. See localserver queue --help."),
        (["serv"], 2, "Did you mean 'serve', 'user'? See localserver --help."),
        (["user", "add"], 2, "Missing argument 'name'. See localserver user add --help."),
        (["serve", "--smpt", "1"], 2, ") See localserver serve --help."),
        (["serve", "--data", "/dev/null/x"], 1, "Not a directory. Check the name."),
        (["serve", "--memory", "--domain", "two words"], 1, "'two words' is no domain"),
        (["serve", "--data", "/dev/null"], 1, "/dev/null is a file; --data names a folder."),
        (["user", "list", "--data", "/nothing"], 1, "There is no folder /nothing"),
    ],
)
def test_a_mistake_is_one_sentence_and_a_status(
    arguments: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == status
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.split() == ["localserver", __version__]


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "snapshot" in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["serve"], ["user", "password"], ["queue", "drop"]])
def test_the_help_shows_no_value_for_what_takes_none(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--help" in said
    assert "bool" not in said


@pytest.mark.parametrize(
    "command",
    [
        ["user", "list", "--data", "{}"],
        ["check", "--data", "{}"],
        ["import", "{}", "--data", "{}", "--user", "x"],
        ["check-config", "{}"],
        ["serve", "--memory", "--users-file", "{}", "--certificate=a", "--certificate=b"],
    ],
)
def test_what_may_not_be_read_is_refused_and_no_wrong_usage(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir(mode=0)

    def refuse(*_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(secret))

    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # tests may run as root
    for name in ("glob", "is_dir", "read_bytes", "read_text"):
        monkeypatch.setattr(Path, name, refuse)
    assert run([each.format(secret) for each in command]) == 1
    said = capsys.readouterr().err
    assert "Permission denied" in said
    assert said.count("\n") == 1
