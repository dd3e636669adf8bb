"""How a person is told to take something back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.cli.context import Context
from desktopmail.cli.operations import tell_undo
from desktopmail.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_can_be_taken_back_says_the_command_that_does_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my mail"
    tell_undo(Context(folder, Output(as_json=False)), "4f")
    said = capsys.readouterr()
    assert said.out == ""  # that is for what was done
    assert said.err == f"Take it back: desktopmail --profile '{folder}' undo 4f\n"
    tell_undo(Context(None, Output(as_json=False)), "4f")
    assert capsys.readouterr().err == "Take it back: desktopmail undo 4f\n"


def test_what_cannot_be_taken_back_and_programs_are_told_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_undo(Context(tmp_path, Output(as_json=False)), None)
    tell_undo(Context(tmp_path, Output(as_json=True)), "4f")
    assert capsys.readouterr() == ("", "")
