from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QObject, QTimer

from desktopmail.ui.garbage import GuiThreadCollector
from tests.helpers.qt_loop import run_qt, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


class Knot(QObject):
    """An object that only the cyclic collector can free, with a timer that runs in its thread."""

    def __init__(self, freed_in: list[int]) -> None:
        super().__init__()
        self.itself = self
        self.timer = QTimer(self)
        self.timer.start(1000)
        weakref.finalize(self, lambda: freed_in.append(threading.get_ident())).atexit = False


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[GuiThreadCollector]:
    del qapp
    gc.enable()
    collector = GuiThreadCollector()
    yield collector
    collector.stop()
    assert gc.isenabled()
    gc.disable()  # as tests/conftest.py has it


def allocate_much() -> None:
    for _ in range(200):
        assert [[index] for index in range(1000)]


def test_a_thread_that_allocates_frees_no_widget(collector: GuiThreadCollector) -> None:
    del collector
    freed_in: list[int] = []
    Knot(freed_in)
    worker = threading.Thread(target=allocate_much)
    worker.start()
    worker.join()
    assert freed_in == []


def test_garbage_is_freed_in_the_gui_thread_while_the_loop_runs(
    collector: GuiThreadCollector,
) -> None:
    del collector
    freed_in: list[int] = []

    async def scene() -> None:
        Knot(freed_in)
        kept = [[index] for index in range(2000)]  # as many as make a collection due
        await until(lambda: freed_in)
        assert kept
        await asyncio.sleep(0)

    run_qt(scene)
    assert freed_in == [threading.get_ident()]


def test_the_interpreter_gets_its_own_ways_back(qapp: QApplication) -> None:
    del qapp
    gc.enable()
    try:
        collector = GuiThreadCollector()
        assert not gc.isenabled()
        collector.stop()
        assert gc.isenabled()
    finally:
        gc.disable()
