"""One run on a real display: the first HTML message must not make the window anew."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("PySide6.QtWebEngineWidgets", exc_type=ImportError)


@contextmanager
def display() -> Iterator[str]:
    """An X server of our own, on a display that nobody has."""
    server = shutil.which("Xvfb")
    if server is None:
        pytest.skip("Xvfb is not installed")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [server, "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as file:
            yield f":{file.readline().strip()}"
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.slow
@pytest.mark.xdist_group("webengine")
def test_the_first_html_message_opens_in_the_window_that_was_there() -> None:
    with display() as name:
        found = subprocess.run(
            [sys.executable, "-m", "tests.gui.xvfb_first_page"],
            env={
                **os.environ,
                "DISPLAY": name,
                "QT_QPA_PLATFORM": "xcb",
                "QTWEBENGINE_DISABLE_SANDBOX": "1",
            },
            capture_output=True,
            timeout=150,
            check=False,
        )
    assert found.returncode == 0, found.stderr.decode("utf-8", "replace")[-2_000:]
    told = json.loads(found.stdout.splitlines()[-1])
    assert told["platform"] == "xcb"
    assert told["same_window"]
    assert not told["hidden"]
    assert "quinces" in told["text"]
