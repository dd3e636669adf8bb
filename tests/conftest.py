"""Rules for every test: peers named when missing, no unexpected warnings, nothing left running."""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import logging
import os
import re
import shutil
import threading
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

# Qt draws into memory in every test. Chromium refuses to run as root with its sandbox: CI is root,
# nobody's desktop is.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
if hasattr(os, "geteuid") and os.geteuid() == 0:
    os.environ.setdefault("QTWEBENGINE_DISABLE_SANDBOX", "1")

# A loaded machine is no counterexample; each test has its own time limit.
# On CI the examples are the same each time; at the desk they are new ones.
hypothesis.settings.register_profile("desk", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")

# Debian puts the daemons where a plain user's PATH does not look.
_SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])


_TESTS_TO_A_FULL_COLLECTION = 500


def pytest_configure() -> None:
    # The collector runs in whichever thread allocates. In a process that has shown windows it would
    # free their widgets in an executor's thread of some later test, and bring the process down.
    gc.disable()


def pytest_runtest_logfinish(location: tuple[str, int | None, str]) -> None:
    """Collect what the test left, here in the main thread."""
    del location
    gc.collect(1 if next(_finished) % _TESTS_TO_A_FULL_COLLECTION else 2)


_finished = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")
    parser.addoption("--only-slow", action="store_true", help="run the tests marked slow alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    slow_wanted = config.getoption("--slow") or config.getoption("--only-slow")
    for item in items:
        is_slow = item.get_closest_marker("slow") is not None
        if is_slow and not slow_wanted:
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow, as .ci/run does"))
        elif not is_slow and config.getoption("--only-slow"):
            item.add_marker(pytest.mark.skip(reason="fast: --only-slow was asked for"))
        for marker in item.iter_markers("peer"):
            missing = [name for name in marker.args if shutil.which(name, path=_SEARCHED) is None]
            if missing:
                reason = f"the foreign peer {', '.join(missing)} is not installed"
                item.add_marker(pytest.mark.skip(reason=reason))
        if inspect.iscoroutinefunction(getattr(item, "function", None)):
            # First in, so last out: looked at when every other fixture has cleaned up.
            fixture_names: list[str] = item.fixturenames  # type: ignore[attr-defined]
            fixture_names.insert(0, "nothing_left_running")


@pytest.fixture
async def nothing_left_running() -> AsyncIterator[None]:
    """Fail an async test that leaves a task or a timer behind."""
    yield
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    tasks = {task for task in asyncio.all_tasks() if not task.done()} - {asyncio.current_task()}
    if tasks:
        pytest.fail(f"tasks left running: {', '.join(task.get_name() for task in tasks)}")
    timers = [
        handle
        for handle in getattr(loop, "_scheduled", ())
        if not handle.cancelled() and handle.when() > loop.time() + 0.5
    ]
    if timers:
        pytest.fail(f"timers left running: {timers}")


class _Warnings(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(autouse=True)
def no_unexpected_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs a warning which its `@pytest.mark.logs(pattern)` does not name."""
    expected = [
        re.compile(pattern)
        for marker in request.node.iter_markers("logs")
        for pattern in marker.args
    ]
    handler = _Warnings()
    root = logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)
    seen = [record.getMessage() for record in handler.records]
    surprises = [text for text in seen if not any(pattern.search(text) for pattern in expected)]
    assert not surprises, f"logged without being expected: {surprises}"
    for pattern in expected:
        assert any(pattern.search(text) for text in seen), f"{pattern.pattern!r} was never logged"


@pytest.fixture
def no_thread_left() -> Iterator[None]:
    """Fail a test that leaves a thread of its own running."""
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in set(threading.enumerate()) - before if not thread.daemon]
    assert not left, f"threads left running: {left}"


@pytest.fixture(scope="session")
def corpora(pytestconfig: pytest.Config) -> Path:
    """The folder of real and malformed messages beside the checkout; skips where it is not."""
    folder: Path = pytestconfig.rootpath.parent / "shared" / "corpora"
    if not folder.is_dir():
        pytest.skip("the corpora of real messages are not beside this checkout (../shared/corpora)")
    return folder
