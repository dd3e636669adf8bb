"""Wrong arguments are said by the command they were given to, and the help tells what there is."""

from __future__ import annotations

import argparse

import pytest

from desktopmail.cli import parser as reading
from desktopmail.cli import search as search_command
from desktopmail.cli.main import main, parser
from desktopmail.door import search


def test_what_a_command_does_not_know_is_said_by_that_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["account", "list", "--all"]) == 2
    said = capsys.readouterr().err
    assert said == (
        "desktopmail account list: unrecognized arguments: --all."
        " See desktopmail account list --help.\n"
    )


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["lsit"], "desktopmail: there is no command lsit; there is list. See "),
        (["frobnicate"], "desktopmail: there is no command frobnicate. See "),
        (
            ["tags", "put"],
            "desktopmail tags: there is no action put; there are list, set and remove. See ",
        ),
    ],
    ids=" ".join,
)
def test_a_command_that_there_is_not_is_said_with_the_one_that_was_meant(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 2
    assert capsys.readouterr().err.startswith(words)


def test_a_size_is_two_numbers() -> None:
    assert reading.size("1280x800") == (1280, 800)
    for text in ("big", "1x1", "1280", "1280x²"):
        with pytest.raises(argparse.ArgumentTypeError, match="not a size"):
            reading.size(text)


def test_how_the_window_is_to_look_goes_on_to_the_picture_of_the_demonstration() -> None:
    given = ["--theme", "dark", "--language", "de", "--size", "1000x700", "--select", "two words"]
    assert reading.looks(parser().parse_args(["demo", *given])) == given
    assert reading.looks(parser().parse_args(["demo"])) == []


def test_the_help_of_the_window_is_in_that_of_the_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for option in ("--theme", "--language", "--size", "--screenshot", "mailto:"):
        assert option in said


def test_the_help_of_search_has_every_field_and_state_of_the_language() -> None:
    told = search_command._LANGUAGE
    for field in {*search._TEXT_COLUMNS, *search._CONDITIONS}:
        assert f"{field}:" in told, field
    for state in search._STATES:
        assert state in told, state
    assert max(map(len, told.splitlines())) <= 80


@pytest.mark.parametrize(
    "query",
    [
        line.strip().partition("  ")[0]
        for line in search_command._LANGUAGE.splitlines()
        if line.startswith("  ") and line[2] != " "
    ],
)
def test_what_the_help_of_search_shows_is_understood(query: str) -> None:
    assert not search.parse(query).is_impossible
