import sys
from pathlib import Path

import pytest

from desktopmail.net.ports import InlineExecutor
from localserver.submission.command_filter import CommandRule
from localserver.submission.subject import Subject

SUBJECT = Subject(
    b"Subject: x\r\n\r\n",
    14,
    "smtp",
    "192.0.2.1:1",
    "alice",
    "a@b.example",
    ("c@d.example",),
    InlineExecutor(),
)


def rule(program: str, **table: object) -> CommandRule:
    return CommandRule({"command": [sys.executable, "-c", program], **table}, InlineExecutor())


async def test_status_0_lets_the_message_pass() -> None:
    assert await rule("").hit(SUBJECT) is None


async def test_status_1_hits_it_and_the_first_line_says_why() -> None:
    program = "import os, sys; print(os.environ['MAIL_SENDER'], sys.stdin.read()[:10]); sys.exit(1)"
    assert await rule(program).hit(SUBJECT) == "a@b.example Subject: x"
    assert await rule("import sys; sys.exit(1)").hit(SUBJECT) == "the filter program said no"


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "import time; time.sleep(5)"])
async def test_a_failure_is_told(program: str) -> None:
    with pytest.raises(OSError, match="python"):
        await rule(program, timeout_s=0.3).hit(SUBJECT)


def test_a_program_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="command names no program: /nonexistent"):
        CommandRule({"command": ["/nonexistent"]}, InlineExecutor())


async def test_a_program_that_went_away_is_told(tmp_path: Path) -> None:
    program = tmp_path / "filter"
    program.symlink_to(sys.executable)
    found = CommandRule({"command": [str(program)]}, InlineExecutor())
    program.unlink()
    with pytest.raises(OSError, match="filter"):
        await found.hit(SUBJECT)


def test_a_command_is_a_list() -> None:
    with pytest.raises(ValueError, match="list"):
        CommandRule({"command": "rm -rf /"}, InlineExecutor())
