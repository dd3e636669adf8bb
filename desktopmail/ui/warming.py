"""Builds what the first HTML message and the first composer need, once the window is idle.

Bringing QtWebEngine in takes some 60 ms and its profile 50 to 190 ms: too long for a click, and
nothing that a start may wait for. It is the one piece of work that may hold the window for longer
than 50 ms, and it happens while nobody types, scrolls or reads on.

What a person does is known from the window's own signals. An event filter of the application would
see more, and kill the program: on X11 it is handed objects of QtWebEngine that are half made.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.ui.window import MainWindow

QUIET_MS = 1_500


class Warming(QObject):
    """Waits for a quiet moment after the first rows, then takes one step in each such moment."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._steps: list[Callable[[], object]] = [self._bring_in_composer]
        if window.uses_web:
            self._steps += [_bring_in, _prepare]
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)
        messages = window.list_pane.list
        for signal in (
            messages.current_changed,
            messages.selection_changed,
            messages.verticalScrollBar().valueChanged,
            window.tool_bar.search.textEdited,
            window.reading.shown,
            window.sidebar.chosen,
        ):
            signal.connect(self._put_off)

    @property
    def is_done(self) -> bool:
        """Whether everything is built."""
        return not self._steps

    def begin(self) -> None:
        """The first rows are there."""
        if self._steps:
            self._timer.start(QUIET_MS)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._timer.stop()

    def _put_off(self, *_what: object) -> None:
        """Somebody does something: wait again."""
        if self._timer.isActive():
            self._timer.start(QUIET_MS)

    def _step(self) -> None:
        self._steps.pop(0)()
        self.begin()

    def _bring_in_composer(self) -> None:
        self._window.scope.spawn(_import_composer(), name=tr("task.warm"))


async def _import_composer() -> None:
    """Bring the composer's modules in, 130 ms, in a thread: nobody waits for it."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, import_module, "desktopmail.ui.composer.window")


def _bring_in() -> None:
    from desktopmail.ui.reading import html_view  # noqa: F401 - it is the import that takes time


def _prepare() -> None:
    from desktopmail.ui.reading.web_walls import prepare

    prepare()
