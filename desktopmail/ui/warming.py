"""Builds what the first HTML message and answer need, once the window has nothing else to do.

Bringing QtWebEngine in takes some 60 ms and its profile 50 to 190 ms: too long for a click, and
nothing that a start may wait for. It is the one piece of work that may hold the window for longer
than 50 ms, and it happens while nobody types or points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow

QUIET_MS = 1_500
_INPUT = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.MouseMove,
        QEvent.Type.Wheel,
    }
)


class Warming(QObject):
    """Waits for a quiet moment after the first rows, then takes one step in each such moment."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._steps = [_bring_in_composer, _bring_in, _prepare]
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)

    @property
    def is_done(self) -> bool:
        """Whether everything is built."""
        return not self._steps

    def begin(self) -> None:
        """The first rows are there."""
        application = QApplication.instance()
        if self._steps and not self._timer.isActive() and application is not None:
            application.installEventFilter(self)
            self._timer.start(QUIET_MS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, ARG002 - Qt's
        """Somebody does something: wait again."""
        if event.type() in _INPUT and self._timer.isActive():
            self._timer.start(QUIET_MS)
        return False

    def _step(self) -> None:
        self._steps.pop(0)()
        if self._steps:
            self._timer.start(QUIET_MS)
        else:
            self.close()

    def close(self) -> None:
        """Wait for nothing any more."""
        self._timer.stop()
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)


def _bring_in_composer() -> None:
    from desktopmail.ui.composer import window  # noqa: F401 - 50 ms that a click need not take


def _bring_in() -> None:
    from desktopmail.ui.reading import html_view  # noqa: F401 - it is the import that takes time


def _prepare() -> None:
    from desktopmail.ui.reading.html_view import prepare

    prepare()
