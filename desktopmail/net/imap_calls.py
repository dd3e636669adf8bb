"""What every call of an IMAP client needs: a command on its way, and the answers it gathers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from desktopmail.net.imap_running import Running

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable

    from desktopmail.net.imap_dialogue import Dialogue
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.condition import Tag, Tagged
    from desktopmail.wire.imap.response import UntaggedResponse
    from desktopmail.wire.imap.state import State

T = TypeVar("T")


class Calls:
    """Asks commands of one dialogue.

    Args:
        dialogue: The connection.
    """

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    @property
    def state(self) -> State:
        """The state of the connection."""
        return self._dialogue.machine.state

    @property
    def mailbox(self) -> str | None:
        """The mailbox that is open, and what is told unasked is of; None: none is."""
        return self._dialogue.mailbox

    def offers(self, name: str) -> bool:
        """Whether the server offers something, be it as a part of IMAP4rev2."""
        return self._dialogue.machine.offers(name)

    async def _run(
        self,
        command: Command,
        claim: Callable[[UntaggedResponse, Tag], bool] | None = None,
        *,
        most: int | None = None,
    ) -> Tagged:
        return await self._dialogue.answer(self._dialogue.ask(Running(command, claim, most=most)))

    async def _gather(
        self,
        command: Command,
        wanted: type[T],
        condition: Callable[[T, Tag], bool] | None = None,
    ) -> builtins.list[T]:
        found: builtins.list[T] = []

        def claim(value: UntaggedResponse, tag: Tag) -> bool:
            if not isinstance(value, wanted) or (condition and not condition(value, tag)):
                return False
            found.append(value)
            return True

        await self._run(command, claim)
        return found
