"""How commands end."""

from __future__ import annotations

import pytest

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


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "snapshot" in capsys.readouterr().out
