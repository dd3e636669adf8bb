"""The real ports do what their protocols say."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from desktopmail.net.ports import (
    InlineExecutor,
    SystemClock,
    SystemEntropy,
    ThreadExecutor,
    system_ports,
)


async def test_the_clock_tells_aware_utc_and_never_goes_back() -> None:
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() >= before + 0.009


def test_tokens_have_the_length_asked_for_and_differ() -> None:
    entropy = SystemEntropy()
    assert len(entropy.token(24)) == 24
    assert entropy.token(24) != entropy.token(24)


async def test_a_function_runs_in_a_thread_and_its_error_comes_back() -> None:
    executor = ThreadExecutor()
    assert await executor.run(threading.get_ident) != threading.get_ident()
    assert await executor.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await executor.run(divmod, 7, 0)


async def test_the_inline_executor_stays_in_the_loops_thread() -> None:
    assert await InlineExecutor().run(threading.get_ident) == threading.get_ident()


async def test_system_ports_dial_and_listen() -> None:
    ports = system_ports()
    listener = await ports.listen("127.0.0.1", 0, lambda stream: stream.send(b"hello"))
    stream = await ports.dialer.dial("127.0.0.1", listener.port)
    assert await stream.read() == b"hello"
    await stream.aclose()
    await listener.aclose()
