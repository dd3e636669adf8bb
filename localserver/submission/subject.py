"""What a filter may look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar

from desktopmail.mime.message import Message

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.ports import Executor

T = TypeVar("T")

_LARGE_OCTETS: Final = 256 * 1024


@dataclass(frozen=True)
class Subject:
    """A message on its way, as filters see it.

    Attributes:
        octets: The message, all of it.
        size: How many octets.
        port: `smtp` or `submission`.
        peer: The client's address.
        user: Who is logged in, or "".
        sender: Envelope sender, or "".
        recipients: Envelope recipients.
        executor: Runs what takes long.
    """

    octets: bytes
    size: int
    port: str
    peer: str
    user: str
    sender: str
    recipients: tuple[str, ...]
    executor: Executor

    async def read(self, function: Callable[[Subject], T]) -> T:
        """Return what a function finds in the message: in a thread, where the message is large."""
        if self.size > _LARGE_OCTETS:
            return await self.executor.run(function, self)
        return function(self)

    @cached_property
    def parsed(self) -> Message:
        """The message as a value; never fails."""
        return Message.parse(self.octets)
