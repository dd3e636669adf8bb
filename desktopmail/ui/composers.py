"""The windows to write in that are open, and those a crash left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from PySide6.QtCore import QTimer

from desktopmail.ui.language import tr, trn

if TYPE_CHECKING:
    from desktopmail.door.ids import PlacementId
    from desktopmail.door.rows import AccountRow
    from desktopmail.mime.compose import Draft
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.window import MainWindow


class Composers(Sequence["ComposeWindow"]):
    """Opens them, and knows them until they are closed; the newest is the last."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._open: list[ComposeWindow] = []

    @overload
    def __getitem__(self, place: int) -> ComposeWindow: ...
    @overload
    def __getitem__(self, place: slice) -> list[ComposeWindow]: ...
    def __getitem__(self, place: int | slice) -> ComposeWindow | list[ComposeWindow]:
        return self._open[place]

    def __len__(self) -> int:
        return len(self._open)

    def open(
        self,
        draft: Draft | None = None,
        *,
        account: AccountRow | None = None,
        answers: PlacementId | None = None,
        forwards: bool = False,
        replaces: PlacementId | None = None,
        recovered: str = "",
    ) -> None:
        """Open a window to write in."""
        from desktopmail.ui.composer.window import ComposeWindow

        composer = ComposeWindow(
            self._window,
            draft=draft,
            account=account or self._window.account_in_view(),
            answers=answers,
            forwards=forwards,
            replaces=replaces,
            recovered=recovered,
        )
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
        accounts = self._window.accounts()
        for key, draft, placed in left:
            self.open(
                draft,
                account=next((it for it in accounts if it.id == placed.account_id), None),
                answers=placed.answers,
                forwards=placed.forwards,
                replaces=placed.replaces,
                recovered=key,
            )
        if left:
            self._window.snack.show_text(trn("say.restored", len(left)))

    async def aclose(self) -> None:
        """Close them all; what was written is kept."""
        for composer in tuple(self._open):
            await composer.aclose(at_once=True)
