"""What was done last, and the way to take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktopmail.door.commands import AnyCommand, Undo
from desktopmail.ui.language import tr
from desktopmail.ui.sentences import said

if TYPE_CHECKING:
    from desktopmail.ui.window import MainWindow


class UndoHistory(QObject):
    """Gives commands to the engine and remembers the last that can be taken back.

    Signals:
        changed: There is something else, or nothing any more, to take back.
    """

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._last: tuple[str, str] | None = None  # (token, what was done)

    @property
    def what(self) -> str:
        """What would be taken back, or nothing."""
        return self._last[1] if self._last is not None else ""

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
        if token is not None:
            self._last = (token, text)
            self.changed.emit()
        if not text:
            return
        told = f"{text}. {note}" if note else text
        if token is None:
            self._window.snack.show_text(told)
        else:
            self._window.snack.show_text(told, tr("snack.undo"), lambda: self._press(token))

    async def undo(self) -> None:
        """Take the last command back."""
        if self._last is None:
            return
        (token, what), self._last = self._last, None
        self.changed.emit()
        await self._take_back(token)
        self._window.snack.show_text(tr("snack.undone", what=what), shown_ms=3_000)

    def _press(self, token: str) -> None:
        is_last = self._last is not None and self._last[0] == token
        work = self.undo() if is_last else self._take_back(token)
        self._window.scope.spawn(work, name=tr("verb.undo"))

    async def _take_back(self, token: str) -> None:
        await self._window.door.command(Undo(token=token))
