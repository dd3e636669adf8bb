import sys

import pytest

from desktopmail.net.ports import InlineExecutor
from localserver.submission.command_filter import CommandRule
from localserver.submission.subject import Subject

SUBJECT = Subject(
    b"Subject: x\r\n\r\n", 14, "smtp", "192.0.2.1:1", "alice", "a@b.example", ("c@d.example",)
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


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(OSError, match="nonexistent"):
        await CommandRule({"command": ["/nonexistent"]}, InlineExecutor()).hit(SUBJECT)


def test_a_command_is_a_list() -> None:
    with pytest.raises(ValueError, match="list"):
        CommandRule({"command": "rm -rf /"}, InlineExecutor())
