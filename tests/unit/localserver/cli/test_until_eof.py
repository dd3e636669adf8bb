"""`localserver serve --until-eof` ends with the program that started it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.helpers.without import python_path

SERVE = [
    sys.executable, "-m", "localserver", "serve", "--memory",
    *(word for name in ("smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps")
      for word in (f"--{name}", "0")), "--api", "-1",
]  # fmt: skip


@pytest.mark.parametrize("where", [None, python_path()], ids=["here", "elsewhere"])
def test_the_server_ends_when_its_standard_input_does(where: str | None) -> None:
    paths = {} if where is None else {"PYTHONPATH": where}
    with subprocess.Popen(
        [*SERVE, "--until-eof"],
        env={**os.environ, **paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["ports"]["imap"]
        process.stdin.write(b"what comes is not read\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert said == b""


def test_without_it_the_end_of_standard_input_says_nothing() -> None:
    with subprocess.Popen(SERVE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.terminate()
        assert process.wait(30) == 0


def test_a_signal_ends_a_server_that_also_waits_for_its_input() -> None:
    with subprocess.Popen(
        [*SERVE, "--until-eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.terminate()
        assert process.wait(30) == 0
