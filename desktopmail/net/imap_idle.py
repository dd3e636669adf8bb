"""An IDLE of an IMAP client: it ends when somebody asks for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktopmail.net.imap_running import Running
from desktopmail.wire.imap.idle import Idle

if TYPE_CHECKING:
    from desktopmail.net.imap_dialogue import Dialogue


class Idling:
    """An IDLE on its way."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self._running = Running(Idle())

    async def begin(self) -> None:
        """Wait until the server says that it has begun.

        Raises:
            RefusedError: It does not.
        """
        self._dialogue.ask(self._running)
        while not self._running.challenges and not self._running.ended.done():
            await self._running.changed()
        if self._running.ended.done():
            await self._dialogue.answer(self._running)

    async def ended(self) -> None:
        """Wait until the IDLE is over: another command was asked, or the server ended it.

        Raises:
            NetError: The connection is gone.
        """
        while not self._running.ended.done():
            await self._running.changed()
        await self._dialogue.answer(self._running)

    async def done(self) -> None:
        """End the IDLE."""
        if self._running.tag is None:
            self._dialogue.forget(self._running)
            return
        self._dialogue.end_idle(self._running)
        await self._dialogue.answer(self._running)
