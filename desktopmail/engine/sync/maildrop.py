"""What a POP3 server lists of a maildrop, and what of it is not to be had in a session."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktopmail.net.errors import RefusedError

if TYPE_CHECKING:
    from desktopmail.net.pop3 import Pop3Client
    from desktopmail.wire.pop3.reply import Reply


@dataclass(slots=True)
class Maildrop:
    """What a server lists.

    Attributes:
        is_numbered: Whether the ids are the numbers of the messages: they are other ones the next
            time.
        sizes: Octets, by message number.
        uidls: Unique ids by number; only those that are not empty and stand there once.
        refused: What the server said of messages that it lists and does not give.
        resting: Those that were refused before, and are not asked for in this session.
        ending: Those of the refused at which the connection ends: not even their header is asked
            for.
        unproved: Those with a known id of which the server did not show whether they are still what
            that named.
    """

    sizes: dict[int, int]
    uidls: dict[int, str]
    refused: dict[int, Reply] = field(default_factory=dict)
    resting: set[int] = field(default_factory=set)
    ending: set[int] = field(default_factory=set)
    unproved: set[int] = field(default_factory=set)
    listed: frozenset[str] = field(init=False)
    is_numbered: bool = field(init=False)

    def __post_init__(self) -> None:
        self.listed = frozenset(self.uidls.values())
        self.is_numbered = bool(self.uidls) and all(
            uidl == str(number) for number, uidl in self.uidls.items()
        )

    def name(self, number: int) -> str:
        """What names a message as well as the server lets us."""
        return self.uidls.get(number) or f"{number} of {self.sizes[number]} octets"

    def size_that_tells(self, number: int) -> int | None:
        """The size of a message that is another one only by its octets, where no id tells."""
        return None if self.uidls else self.sizes[number]


async def look(client: Pop3Client) -> Maildrop:
    """List a maildrop; ids that are empty or stand there twice name nothing."""
    try:
        sizes, listed = await client.listing_and_uidl()
    except RefusedError:
        sizes, listed = await client.listing(), {}
    times = Counter(listed.values())
    uidls = {
        number: uidl
        for number, uidl in listed.items()
        if uidl and times[uidl] == 1 and number in sizes
    }
    return Maildrop(sizes, uidls)
