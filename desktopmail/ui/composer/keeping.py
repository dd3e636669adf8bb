"""Keeps what is written: on the disk within a second, as a draft of the account soon after."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from secrets import token_bytes, token_hex
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from desktopmail.door.commands import SaveDraft
from desktopmail.door.ids import PlacementId
from desktopmail.door.interface import DoorError
from desktopmail.mime import compose, message_id
from desktopmail.mime.compose import ComposeError
from desktopmail.ui.composer.recovery import Recovery
from desktopmail.ui.composer.writing import Placed
from desktopmail.ui.dates import short_date
from desktopmail.ui.language import tr

if TYPE_CHECKING:
    from desktopmail.mime.compose import Composed, Draft
    from desktopmail.ui.composer.window import ComposeWindow
    from desktopmail.ui.composer.writing import Writing

_DISK_MS = 400  # after a key, so long until it is on the disk
_HEAVY_OCTETS = 1_000_000  # each version of a draft goes to the server with its files…
_HEAVY_PAUSES = 10  # …so a heavy one waits longer; the disk has it in the meantime
_PATIENCE = 4  # who types without a pause is saved after so many times the pause


class Keeper(QObject):
    """Saves one message being written.

    Args:
        window: What is written.
        writing: What it began with.
    """

    def __init__(self, window: ComposeWindow, writing: Writing) -> None:
        super().__init__(window)
        self._window = window
        self.saved_as = writing.placed.replaces
        self.is_changed = False
        self.is_recovered = bool(writing.recovered)
        self._key = writing.recovered or token_hex(8)
        self._recovery = Recovery.of_profile(window.settings.folder)
        self._saving = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._disk_timer = self._timer(_DISK_MS, self._write_soon)
        self._pause_ms = window.settings.number("save_draft_s") * 1_000
        self._pause_timer = self._timer(self._pause_ms, self.save_now)
        self._patience_timer = self._timer(self._pause_ms * _PATIENCE, self.save_now)

    def _timer(self, after_ms: int, act: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(act)
        return timer

    def changed(self) -> None:
        """Something else is written now."""
        self.is_changed = True
        self._window.show_state(tr("compose.not_saved"))
        if not self._disk_timer.isActive():
            self._disk_timer.start()
        pause_ms = self._pause_ms * (_HEAVY_PAUSES if self._is_heavy() else 1)
        if not self._patience_timer.isActive():
            self._patience_timer.start(pause_ms * _PATIENCE)
        self._pause_timer.start(pause_ms)

    def _is_heavy(self) -> bool:
        return sum(len(it.octets) for it in self._window.files.files) > _HEAVY_OCTETS

    # ---- on the disk

    def _write_soon(self) -> None:
        if self.is_changed and not self._window.is_over:
            self._window.scope.spawn(self._write(), name=tr("task.save_draft"))

    async def _write(self) -> None:
        window = self._window
        loop = asyncio.get_running_loop()
        async with self._writing:
            draft, placed = await window.draft_soon(), self._placed()
            await loop.run_in_executor(None, self._recovery.keep, self._key, draft, placed)
        if self.is_changed and self._recovery.is_kept and not self._disk_timer.isActive():
            window.show_state(tr("compose.kept"))

    async def forget(self) -> None:
        """Forget the copy on the disk: what was written is safe elsewhere, or unwanted."""
        for timer in (self._disk_timer, self._pause_timer, self._patience_timer):
            timer.stop()
        loop = asyncio.get_running_loop()
        async with self._writing:
            await loop.run_in_executor(None, self._recovery.forget, self._key)

    def _placed(self) -> Placed:
        sender = self._window.sent_by
        return Placed(
            account_id=sender.account.id if sender is not None else None,
            answers=self._window.placed.answers,
            forwards=self._window.placed.forwards,
            replaces=self.saved_as,
        )

    # ---- as a draft

    def save_now(self) -> None:
        """Keep what is written as a draft."""
        self._pause_timer.stop()
        self._patience_timer.stop()
        if self.is_changed and not self._window.is_over:
            self._window.scope.spawn(self.save(), name=tr("task.save_draft"))

    async def save(self) -> None:
        """Keep what is written as a draft, in place of its version before.

        Raises:
            DoorError: The engine refused.
            ComposeError: It cannot be written.
        """
        window = self._window
        sender = window.sent_by
        if sender is None:
            return
        async with self._saving:  # a version replaces the one before: in their order
            self.is_changed = False
            window.show_state(tr("compose.saving"))
            try:
                composed = await compose_soon(await window.draft_soon(), unfinished=True)
                outcome = await window.main.door.command(
                    SaveDraft(
                        account_id=sender.account.id,
                        octets=composed.octets,
                        replaces=self.saved_as,
                    )
                )
            except (ComposeError, DoorError):
                self.is_changed = True
                window.show_state(tr("compose.not_saved"))
                raise
            if outcome.ids:
                self.saved_as = PlacementId(outcome.ids[0])
            now = datetime.now(UTC).astimezone()
            if not self.is_changed:
                when = short_date(now.timestamp(), now)
                window.show_state(tr("compose.saved", when=when))

    async def write_down(self) -> None:
        """Keep what is written on the disk alone: the engine does not take it now."""
        await self._write()

    async def settled(self) -> None:
        """Wait until the version being saved is there."""
        async with self._saving:
            return


async def compose_soon(
    draft: Draft, *, unfinished: bool = False, eight_bit: bool = False
) -> Composed:
    """Write a message with the time and a name of its own, in a thread.

    Args:
        draft: What to write.
        unfinished: It is kept as a draft: with Bcc, and with what is no address yet.
        eight_bit: The submission server takes 8BITMIME: texts need no encoding.

    Raises:
        ComposeError: Something cannot be written.
    """
    work = partial(
        compose.build,
        draft,
        date=datetime.now(UTC).astimezone(),
        message_id=message_id.make(token_bytes(16), draft.sender.domain),
        boundary=token_hex(12),
        eight_bit=eight_bit,
        utf8=not unfinished,  # only where an address needs it; who sends it knows the server
        keep_bcc=unfinished,
        unfinished=unfinished,
    )
    return await asyncio.get_running_loop().run_in_executor(None, work)
