"""How commands end."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import typer.main

from desktopmail import __version__
from localserver.cli.program import program, run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["serve"], 2, "--data DIR or --memory"),
        (["frobnicate"], 2, "frobnicate"),
        (["serve", "--nonsense"], 2, "--nonsense"),
        (["serve", "--memory", "--imap", "99999"], 2, "--imap takes a port"),
        (["serve", "--memory", "--user", "alice"], 2, "NAME:PASSWORD"),
        (["serve", "--memory", "--fault-plan", "/nothing"], 1, "/nothing cannot be read"),
        (["check-config", "/nothing.toml"], 1, "/nothing.toml cannot be read"),
        ([], 2, "Missing command. See localserver --help."),
        (["queue"], 2, "Missing command. See localserver queue --help."),
        (["serv"], 2, "Did you mean 'serve', 'user'? See localserver --help."),
        (["user", "add"], 2, "Missing argument 'name'. See localserver user add --help."),
        (["serve", "--smpt", "1"], 2, "). See localserver serve --help."),
        (["cert", "9", "--data", "x"], 2, "argument(s) (9). See localserver cert --help."),
        (["serve", "--memory", "--imap", "x"], 2, "--imap takes a whole number. See "),
        (["captured", "show", "x", "--data", "/nothing"], 2, "number takes a whole number. See "),
        (
            ["check-config", "/none.toml"],
            1,
            "No such file or directory. Check its name and rights.",
        ),
        (["serve", "--data", "/dev/null/x"], 1, "Not a directory. Check the name."),
        (["serve", "--memory", "--domain", "two words"], 2, "'two words' is no domain"),
        (["serve", "--data", "/dev/null"], 1, "/dev/null is a file; --data names a folder."),
        (["user", "list", "--data", "/nothing"], 1, "/nothing; name that of a server with --data."),
        (
            ["serve", "--memory", "--certificate", "/no.pem", "--key", "/no.key"],
            1,
            "localserver: The file /no.pem cannot be read: No such file or directory. Check its n",
        ),
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


def options(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """Each command with what can be said behind it."""
    below = getattr(command, "commands", None)
    if below is None:
        yield " ".join(path), {name for parameter in command.params for name in parameter.opts}
        return
    for name, each in below.items():
        yield from options(each, (*path, name))


def test_every_command_takes_json() -> None:
    found = dict(options(typer.main.get_command(program())))
    assert {"serve", "user add", "queue list", "check-config"} <= found.keys()
    assert [name for name, known in found.items() if "--json" not in known] == []


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
        ["user", "list", "--data", "{0}"],
        ["check", "--data", "{0}"],
        ["import", "{1}", "--data", "{0}", "--user", "x"],
        ["check-config", "{2}"],
        ["user", "password", "x", "--data", "{0}", "--password-file", "{1}"],
        ["snapshot", "restore", "{3}", "--data", "{4}"],
    ],
)
def test_whether_something_can_be_read_is_seen_when_it_is_opened(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot is refused with 1 then; typer would call it wrong usage before."""
    data, mail, config, copy = (tmp_path / name for name in ("data", "1.eml", "c.toml", "copy"))
    mail.write_text("Subject: x\n\n")
    config.write_text("")
    where = ["--data", str(data)]
    assert run(["user", "add", "x", *where, "--password-file", str(mail)]) == 0
    assert run(["snapshot", "save", str(copy), *where]) == 0
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    other = tmp_path / "other"
    assert run([each.format(data, mail, config, copy, other) for each in command]) == 0


def test_what_may_not_be_read_is_one_sentence_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, *_: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", refuse)  # tests may run as root
    assert run(["serve", "--memory", "--users-file", "/secret"]) == 1
    assert capsys.readouterr().err == (
        "localserver: /secret: Permission denied. Check its rights, or choose another place.\n"
    )
