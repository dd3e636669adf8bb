"""`desktopmail demo` without a display does its main job, and says so line by line."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.helpers.program import environment
from tests.helpers.without import python_path

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.mark.parametrize("where", [None, python_path()], ids=["here", "elsewhere"])
def test_a_message_goes_from_one_account_to_the_other_and_is_answered(
    tmp_path: Path, where: str | None
) -> None:
    paths = {} if where is None else {"PYTHONPATH": where}
    done = subprocess.run(
        [sys.executable, "-m", "desktopmail", "demo"],
        cwd=tmp_path,
        env={**environment(), **paths},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for words in ("(IMAP): 43 messages", "(POP3): 13 messages", "fetched it by POP3", "answered",
                  "fetched the answer by IMAP", "To get the window"):  # fmt: skip
        assert words in done.stdout
    assert (tmp_path / "desktopmail-demo.png").read_bytes().startswith(b"\x89PNG")
