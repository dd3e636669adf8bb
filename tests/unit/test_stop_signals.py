"""SIGTERM and Ctrl+C are heard in the loop, whether or not it takes signals itself."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from desktopmail.stop_signals import STOP_SIGNALS, stop_signals
from tests.helpers.without import run_without

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(params=["in the loop", "between steps of Python"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    way: str = request.param
    if way != "in the loop":

        def refuse(_loop: object, _number: int, _call: Callable[[], object]) -> None:
            raise NotImplementedError

        monkeypatch.setattr(asyncio.SelectorEventLoop, "add_signal_handler", refuse)
    return way


@pytest.mark.parametrize("number", STOP_SIGNALS)
async def test_a_signal_sets_what_is_waited_for(number: signal.Signals, way: str) -> None:
    before = [signal.getsignal(each) for each in STOP_SIGNALS]
    stop = asyncio.Event()
    with stop_signals(stop.set):
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 20)
    if way != "in the loop":
        assert [signal.getsignal(each) for each in STOP_SIGNALS] == before


def test_a_process_whose_loop_takes_no_signals_ends_in_order() -> None:
    code = """
import asyncio, os, signal
from desktopmail.stop_signals import stop_signals

async def work():
    stop = asyncio.Event()
    with stop_signals(stop.set):
        os.kill(os.getpid(), signal.SIGTERM)
        await stop.wait()
    print("in order")

asyncio.run(work())
"""
    done = run_without(code)
    assert (done.returncode, done.stdout) == (0, "in order\n"), done.stderr
