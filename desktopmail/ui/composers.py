"""The windows to write in that are open, and those a crash left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from PySide6.QtCore import QTimer

from desktopmail.tasks import TaskScope
from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.composer.writing import Writing
    from desktopmail.ui.window import MainWindow


class Composers(Sequence["ComposeWindow"]):
    """Opens them, and knows them until they are closed; the newest is the last.

    Attributes:
        ends: Tasks that keep or forget what was written, which are never cut short.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.ends = TaskScope(window.trouble.report)
        self._open: list[ComposeWindow] = []

    @overload
    def __getitem__(self, place: int) -> ComposeWindow: ...
    @overload
    def __getitem__(self, place: slice) -> list[ComposeWindow]: ...
    def __getitem__(self, place: int | slice) -> ComposeWindow | list[ComposeWindow]:
        return self._open[place]

    def __len__(self) -> int:
        return len(self._open)

    def open(self, writing: Writing) -> None:
        """Open a window to write in."""
        from desktopmail.ui.composer.window import ComposeWindow

        composer = ComposeWindow(self._window, writing)
        self._open.append(composer)
        composer.closed.connect(lambda: self._open.remove(composer))
        # A step of its own: building it took one, and its first layout takes as long again.
        QTimer.singleShot(0, composer, composer.open)

    def restore(self) -> None:
        """Open what was being written when the program ended without saying so."""
        folder = self._window.settings.folder
        if folder is not None and (folder / "unsent").is_dir():
            self._window.scope.spawn(self._restore(), name=tr("task.open_draft"))

    async def _restore(self) -> None:
        from desktopmail.ui.composer.recovery import Recovery

        recovery = Recovery.of_profile(self._window.settings.folder)
        left = await asyncio.get_running_loop().run_in_executor(None, recovery.left)
        for writing in left:
            self.open(writing)
        if left:
            self._window.snack.show_text(trn("say.restored", len(left)))

    async def aclose(self) -> None:
        """Close them all; what was written is kept, of each whatever becomes of the others."""
        for composer in self._open:
            self.ends.spawn(composer.aclose(at_once=True), name=tr("task.save_draft"))
        await self.ends.settled()
