"""One run on a real display: the first HTML message must not make the window anew."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.helpers.display import display

pytest.importorskip("PySide6.QtWebEngineWidgets", exc_type=ImportError)


@pytest.mark.slow
@pytest.mark.peer("Xvfb")
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
