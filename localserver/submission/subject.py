"""What a filter may look at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from desktopmail.mime.message import Message


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
    """

    octets: bytes
    size: int
    port: str
    peer: str
    user: str
    sender: str
    recipients: tuple[str, ...]

    @cached_property
    def parsed(self) -> Message:
        """The message as a value; never fails."""
        return Message.parse(self.octets)
