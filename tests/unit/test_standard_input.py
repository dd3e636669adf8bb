"""A process hears that the one which started it has gone."""

from __future__ import annotations

import subprocess
import sys

import pytest

WAITING = "from desktopmail.standard_input import wait_for_end; wait_for_end()"


def test_it_ends_when_nobody_holds_the_other_end_whatever_came_before() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"what comes is not read\n")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.stdin.close()
        assert process.wait(30) == 0
