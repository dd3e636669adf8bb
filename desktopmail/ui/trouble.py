"""What went wrong, said in one sentence: an error of a task, the end of the engine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.door.interface import DoorError, EngineGoneError
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said_of

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


def sentence(name: str, error: DoorError) -> str:
    """The sentence, and what to do, about a task of this name."""
    if isinstance(error, EngineGoneError):
        return tr("engine.gone_during", what=name)
    return said_of(error)


class Trouble:
    """Says it where the person looks: in the snack bar, or in a card that stays."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def report(self, name: str, error: Exception) -> None:
        """Show the error of a task: one sentence, and what to do.

        Args:
            name: What the task was, as the person would call it.
            error: What it failed with.
        """
        snack = self._window.snack
        if isinstance(error, EngineGoneError):
            self._window.status_line.forget_progress()
            snack.show_text(sentence(name, error))
        elif isinstance(error, DoorError):
            snack.show_text(sentence(name, error), shown_ms=12_000)
        else:
            snack.show_text(tr("error.unexpected", what=name, error=str(error)), shown_ms=15_000)
            loop = asyncio.get_running_loop()
            loop.call_exception_handler({"message": f"{name} failed", "exception": error})

    def engine_gone(self) -> None:
        """Say that the engine ended and is started again."""
        self._window.status_line.forget_progress()
        self._window.snack.show_text(tr("engine.gone"), shown_ms=60_000)

    def engine_failed(self, error: DoorError) -> None:
        """Say that the engine cannot be started again; what is in the store can still be read."""
        self._window.snack.hide()
        self._window.problems.show_fixed(tr("engine.failed"), said_of(error))
