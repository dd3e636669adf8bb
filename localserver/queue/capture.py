"""The default: mail for elsewhere is kept and shown, and nothing leaves the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localserver.queue.interface import QueueItem
    from localserver.queue.outbound import Outgoing
    from localserver.store.interface import Store


class CapturingOutbound:
    """An `Outbound` that captures.

    Args:
        store: Keeps it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def submit(self, message: Outgoing) -> None:
        """Keep a message."""
        recipients = [recipient.address for recipient in message.recipients]
        await self._store.capture(message.sender, recipients, message.octets)

    async def aclose(self) -> None:
        """Nothing is under way."""

    # -- QueueAdmin: nothing ever waits

    def waiting(self) -> list[QueueItem]:
        """Return nothing."""
        return []

    def octets(self, message: int) -> bytes | None:
        """Find nothing."""
        del message
        return None

    async def retry(self, message: int | None = None) -> int:
        """Find nothing to do."""
        del message
        return 0

    async def release(self, message: int) -> int:
        """Find nothing to do."""
        del message
        return 0

    async def drop(self, message: int, *, bounce: bool = False) -> int:
        """Find nothing to do."""
        del message, bounce
        return 0
