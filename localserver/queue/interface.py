"""What the command line and the administration API may do with the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class QueueItem:
    """One recipient of one queued message.

    Attributes:
        id: Number of the message in the queue; all its recipients share it.
        identifier: As in its Received field.
        sender: Envelope sender; empty for a report.
        recipient: Where to.
        size: Octets.
        arrived: When it came in.
        tries: Attempts so far.
        next_try: When the next one is due.
        last_error: What went wrong last, or "".
        held: It waits until somebody releases it.
    """

    id: int
    identifier: str
    sender: str
    recipient: str
    size: int
    arrived: datetime
    tries: int
    next_try: datetime
    last_error: str
    held: bool


class QueueAdmin(Protocol):
    """The queue, for people."""

    def waiting(self) -> list[QueueItem]:
        """Return everything that waits, oldest first."""

    def octets(self, message: int) -> bytes | None:
        """Return a waiting message, None when there is none of that number."""

    async def retry(self, message: int | None = None) -> int:
        """Make one message, or all, due now; returns how many recipients that is."""

    async def release(self, message: int) -> int:
        """Let a held message go; returns how many recipients that is."""

    async def drop(self, message: int, *, bounce: bool = False) -> int:
        """Remove a message, with or without a report to its sender; returns how many recipients."""
