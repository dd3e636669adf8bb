"""What was done, step by step, and the way to take it back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktopmail.door.commands import AnyCommand, Undo
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from desktopmail.ui.window import MainWindow

_KEPT = 100


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One thing that was done.

    Attributes:
        what: As it was said.
        take_back: Takes it back, and says so.
    """

    what: str
    take_back: Callable[[], Awaitable[None]]


class UndoHistory(QObject):
    """Gives commands to the engine and remembers what can be taken back, the last first.

    Signals:
        changed: There is something else, or nothing any more, to take back.
    """

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._steps: deque[Step] = deque(maxlen=_KEPT)

    @property
    def what(self) -> str:
        """What would be taken back, or nothing."""
        return self._steps[-1].what if self._steps else ""

    async def carry_out(self, command: AnyCommand, done: str = "", note: str = "") -> None:
        """Give a command to the engine; show what was done and how to take it back.

        Args:
            command: What to do.
            done: What to say afterwards; empty: what the engine says.
            note: What is to be known about it, said behind that.
        """
        outcome = await self._window.door.command(command)
        text = done or said(outcome.label)
        token = outcome.undo
        step = None if token is None else self.add(text, lambda: self._tell_undo(token, text))
        if not text:
            return
        told = f"{text}. {note}" if note else text
        if step is None:
            self._window.snack.show_text(told)
        else:
            self._window.snack.show_text(told, tr("snack.undo"), lambda: self.press(step))

    def add(self, what: str, take_back: Callable[[], Awaitable[None]]) -> Step:
        """Remember something that was done, which is the next to be taken back."""
        step = Step(what, take_back)
        self._steps.append(step)
        self.changed.emit()
        return step

    def forget(self, step: Step) -> None:
        """It cannot be taken back any more."""
        if step in self._steps:
            self._steps.remove(step)
            self.changed.emit()

    async def undo(self) -> None:
        """Take back what was done last of all that was not taken back yet."""
        if self._steps:
            await self._take_back(self._steps[-1])

    def press(self, step: Step) -> None:
        """Take one step back, from a button beside what it says."""
        self._window.scope.spawn(self._take_back(step), name=tr("verb.undo"))

    async def _take_back(self, step: Step) -> None:
        self.forget(step)
        await step.take_back()

    async def _tell_undo(self, token: str, what: str) -> None:
        await self._window.door.command(Undo(token=token))
        self._window.snack.show_text(tr("snack.undone", what=what), shown_ms=3_000)
