"""A password comes from standard input or a file, never from an argument."""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from pathlib import Path

import pytest

from desktopmail.cli import password
from desktopmail.cli.errors import CommandError, UsageError
from desktopmail.door.commands import Password
from tests.helpers.terminal import in_terminal


def parsed(*argv: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    password.add_options(parser)
    return parser.parse_args(argv)


def test_the_first_line_of_standard_input_is_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("pass word \r\nnot this\n"))
    assert password.from_stdin(parsed("--password-stdin")) == Password("pass word ")


def test_an_empty_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(CommandError, match="No password came"):
        password.from_stdin(parsed("--password-stdin"))


def test_standard_input_is_left_alone_when_it_was_not_named() -> None:
    assert password.from_stdin(parsed()) is None


def test_a_password_file_is_kept_as_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("secret").write_text("x\n")
    assert password.file_path(parsed("--password-file", "secret")) == str(tmp_path / "secret")


def test_a_password_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not there"):
        password.file_path(parsed("--password-file", str(tmp_path / "none")))


def test_a_password_file_that_is_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a file"):
        password.file_path(parsed("--password-file", str(tmp_path)))


@pytest.mark.parametrize("errors", ["surrogateescape", "strict"])
def test_a_password_that_is_no_text_is_refused_and_not_shown(
    errors: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    octets = io.BytesIO(b"se\xffcret\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(octets, encoding="utf-8", errors=errors))
    with pytest.raises(CommandError, match="is not text in UTF-8") as caught:
        password.from_stdin(parsed("--password-stdin"))
    assert "cret" not in str(caught.value)
    assert caught.value.__suppress_context__


ADDING = [
    sys.executable, "-m", "desktopmail", "account", "add", "--address", "a@localhost", "--imap",
    "localhost:1", "--smtp", "localhost:1", "--password-stdin", "--profile",
]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (b"open sesame\n", b"localhost:1 refuses the connection."),
        (b"\n", b"No password came"),
        (b"\x04", b"No password came"),
    ],
)
def test_at_a_terminal_one_is_asked_and_nothing_is_shown(
    typed: bytes, said: bytes, tmp_path: Path
) -> None:
    screen = in_terminal([*ADDING, str(tmp_path)], tmp_path, {b"Password: ": typed})
    assert screen.count(b"Password: ") == 1
    assert b"sesame" not in screen
    assert said in screen
    assert b"Traceback" not in screen


@pytest.mark.parametrize(
    ("again", "said"),
    [(b"open sesame\n", b"The vault is open"), (b"open sesam\n", b"The two pass phrases differ")],
)
def test_a_new_pass_phrase_is_typed_twice_at_a_terminal(
    again: bytes, said: bytes, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "desktopmail", "vault", "--profile", str(tmp_path / "profile")]
    typed = {b"New pass phrase: ": b"open sesame\n", b"New pass phrase again: ": again}
    screen = in_terminal(command, tmp_path, typed)
    assert said in screen
    assert b"sesam" not in screen
    assert b"Traceback" not in screen


@pytest.mark.skipif(shutil.which("setsid") is None, reason="setsid gives it the terminal")
def test_one_ctrl_c_is_enough(tmp_path: Path) -> None:
    script = 'trap : INT; "$@"; echo ended with $?'
    command = ["setsid", "--ctty", "--wait", "sh", "-c", script, "sh", *ADDING, str(tmp_path)]
    screen = in_terminal(command, tmp_path, {b"Password: ": b"\x03"})
    assert b"Traceback" not in screen
    assert screen.split()[-3:] == [b"ended", b"with", b"130"]
