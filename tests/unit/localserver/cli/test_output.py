"""What commands print, and where a password comes from."""

from __future__ import annotations

import io
import json
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pytest

from localserver.cli import output
from localserver.users import UserError

if TYPE_CHECKING:
    from pathlib import Path


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_is_counted_as_one() -> None:
    said = [output.counted(number, "row was", "rows were") for number in range(3)]
    assert said == ["0 rows were", "1 row was", "2 rows were"]


def test_rows_are_a_line_each_for_people_and_an_array_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    values: list[dict[str, object]] = [
        {"name": "alice", "quota": None},
        {"name": "böb", "quota": 5},
    ]
    output.rows(values, as_json=False)
    assert capsys.readouterr().out == "alice  None\nböb  5\n"
    output.rows(values, as_json=True)
    assert json.loads(capsys.readouterr().out) == values


def test_no_rows_are_nothing_for_people_and_an_empty_array_for_programs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.rows([], as_json=False)
    assert capsys.readouterr().out == ""
    output.rows([], as_json=True)
    assert json.loads(capsys.readouterr().out) == []


def test_a_line_is_a_sentence_or_the_object_it_is_about(
    capsys: pytest.CaptureFixture[str],
) -> None:
    output.line("7 messages went out.", count=7, file=PurePosixPath("/x"))
    assert capsys.readouterr().out == "7 messages went out.\n"
    output.line("7 messages went out.", as_json=True, count=7, file=PurePosixPath("/x"))
    assert json.loads(capsys.readouterr().out) == {"count": 7, "file": "/x"}


@pytest.mark.parametrize(
    ("octets", "secret"),
    [
        (b"s3cret", "s3cret"), (b"s3cret\n", "s3cret"), (b"s3cret\r\n", "s3cret"),
        (b" two words \nmore\n", " two words "), ("grüße\n".encode(), "grüße"),
    ],
)  # fmt: skip
def test_the_first_line_of_a_file_is_the_password_with_its_spaces(
    tmp_path: Path, octets: bytes, secret: str
) -> None:
    file = tmp_path / "password"
    file.write_bytes(octets)
    assert output.password(stdin=False, file=file) == secret


def test_a_file_in_another_charset_is_refused_without_its_contents(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes("grüße".encode("latin-1"))
    with pytest.raises(UserError, match="is not UTF-8") as refused:
        output.password(stdin=False, file=file)
    assert "gr" not in str(refused.value).replace(str(file), "")


def test_one_line_of_standard_input_is_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(" s3cret \nrest\n"))
    assert output.password(stdin=True, file=None) == " s3cret "
    assert sys.stdin.readline() == "rest\n"


def test_a_person_at_a_terminal_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda prompt: f"typed after {prompt!r}")
    assert output.password(stdin=False, file=None) == "typed after 'Password: '"


def test_without_a_terminal_the_options_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("s3cret\n"))
    with pytest.raises(UserError, match="--password-stdin or --password-file"):
        output.password(stdin=False, file=None)


@pytest.mark.parametrize("typed", ["", "\n", "\r\n"])
def test_an_empty_password_is_refused(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(UserError, match="The password is empty"):
        output.password(stdin=True, file=None)


def test_standard_input_in_another_charset_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = io.TextIOWrapper(io.BytesIO(b"se\xffcret\n"), "utf-8", errors="surrogateescape")
    monkeypatch.setattr(sys, "stdin", typed)
    with pytest.raises(UserError, match="is not UTF-8"):
        output.password(stdin=True, file=None)
