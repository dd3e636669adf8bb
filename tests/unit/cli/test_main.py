"""Every failure is one sentence and a status, never a traceback."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from desktopmail.cli.main import main, parser

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["frobnicate"],
        ["list"],
        ["list", "INBOX", "--limit", "0"],
        ["list", "INBOX", "--limit", "many"],
        ["list", "INBOX", "--limit", "9" * 20],
        ["show", "first"],
        ["show", "9" * 20],
        ["operations", "retry", "9" * 20],
        ["search", " "],
        ["send", "--to", "a@b.example", "--delay", "9" * 400],
        ["mailbox", "create", "\udcff"],
        ["tag", "1", "--add", ""],
        ["account"],
        ["outbox"],
        ["operations"],
        ["account", "add", "--address", "a@example.org"],
        ["account", "add", "--address", "a@b", "--imap", "mail.example.org", "--smtp", "x:25"],
        ["account", "add", "--address", "a@b", "--imap", "::1:993", "--smtp", "x:25"],
        ["account", "add", "--address", "a@b", "--imap", "x:1", "--pop3", "x:2", "--smtp", "x:3"],
        ["send"],
        ["send", "mail.eml", "--subject", "both"],
        ["send", "--to", "not an address"],
        ["flag", "1"],
        ["flag", "1", "--add", "two\nlines"],
        ["flag", "1", "--add", "seen", "--remove", "\\Seen"],
        ["tag", "1", "--add", "a", "--remove", "a"],
        ["search", "tulips", "--limit", "-1"],
        ["search", "tulips", "--account", "-x"],
        ["--profile", "", "account", "list"],
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_one_line_and_status_2(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--profile", str(tmp_path), *argv])
    said = capsys.readouterr()
    if argv[:1] == ["send"] and "--to" in argv:
        assert status in {1, 2}  # without an account it cannot be sent either way
    else:
        assert status == 2
    assert said.out == ""
    assert said.err.startswith("desktopmail")
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err
    assert "\0" not in said.err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["list", "INBOX"], "no mail in"),
        (["show", "1"], "no mail in"),
        (["account", "show", "anna"], "No account is called anna"),
        (["account", "remove", "anna"], "Add one with"),
        (["send", "--to", "ben@example.org"], "no account to send from"),
        (["operations", "retry", "3"], "no operation 3; `desktopmail operations list` shows"),
        (["operations", "discard", "3"], "no operation 3; `desktopmail operations list` shows"),
        (["outbox", "retry", "3"], "no message 3 in the outbox; `desktopmail outbox list` shows"),
        (["outbox", "cancel", "3"], "no message 3 in the outbox; `desktopmail outbox list` shows"),
        (["send", "missing.eml"], "missing.eml cannot be read"),
        (["mailbox", "create", "X"], "There are no accounts. Add one"),
        (["account", "show", ""], "No account is called ''. Add one"),
        (["undo", "nosuch"], "'nosuch' is no token; a command that can be taken back says its"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_status_1(
    argv: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--profile", str(tmp_path), *argv]) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""


def test_which_proxy_is_set_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--profile", str(tmp_path), "proxy"]) == 0
    assert capsys.readouterr().out == "Servers are reached straight.\n"
    (tmp_path / "settings.toml").write_text('proxy = "socks5://anna@localhost:1080"\n')
    assert main(["--profile", str(tmp_path), "proxy"]) == 0
    assert capsys.readouterr().out == (
        "Servers are reached through socks5://anna@localhost:1080.\n"
    )
    assert main(["--profile", str(tmp_path), "proxy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"proxy": "socks5://anna@localhost:1080"}
    assert main(["--profile", str(tmp_path), "proxy", "--password-stdin"]) == 2


@pytest.mark.parametrize(
    "argv",
    [
        ["account", "list"],
        ["contacts", "list"],
        ["mailboxes"],
        ["outbox", "list"],
        ["operations", "list"],
        ["tags", "list"],
    ],
)
def test_an_empty_profile_has_empty_lists(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*argv, "--json", "--profile", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main([*argv, "--profile", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip()


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    commands = (
        "account sync mailboxes list show search send flag move copy delete archive "
        "export import outbox operations transcript demo"
    )
    for name in commands.split():
        assert f"    {name} " in text


def test_a_profile_that_is_a_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "passwd"
    path.write_text("x")
    assert main(["--profile", str(path), "account", "list"]) == 1
    assert f"{path} is a file" in capsys.readouterr().err


def options(of: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, set[str]]]:
    """Each command with what can be said behind it."""
    groups = [one for one in of._actions if isinstance(one, argparse._SubParsersAction)]
    if not groups:
        yield path, {name for action in of._actions for name in action.option_strings}
    for group in groups:
        for name, below in group.choices.items():
            yield from options(below, f"{path} {name}".strip())


def test_every_command_takes_json_and_a_profile() -> None:
    found = dict(options(parser()))
    assert {"sync", "account check", "operations list", "demo"} <= found.keys()
    assert [name for name, known in found.items() if not {"--json", "--profile"} <= known] == []


def test_a_profile_below_a_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert main(["--profile", str(tmp_path / "file" / "a" / "b"), "account", "list"]) == 1
    assert f"{tmp_path / 'file'} is a file; --profile names" in capsys.readouterr().err
