"""A command of an IMAP client on its way, and how long its answer is waited for."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from desktopmail.wire.errors import RemoteProtocolError
from desktopmail.wire.imap import limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.errors import NetError
    from desktopmail.net.imap_sink import Sink
    from desktopmail.wire.imap.announced import Announced
    from desktopmail.wire.imap.command import Command
    from desktopmail.wire.imap.condition import Tag, Tagged
    from desktopmail.wire.imap.fetch_rows import FetchRows
    from desktopmail.wire.imap.response import UntaggedResponse

# Silence while a command waits for its answer. Servers take their time for a SEARCH of bodies.
ANSWER_TIMEOUT_S: Final = 120.0
# The beginning and the end of an IDLE are answered at once: who waits longer talks to a connection
# that died while it was silent (a suspended machine, another network, a router that forgot us).
IDLE_TIMEOUT_S: Final = 20.0


class Running:
    """A command on its way: waiting to be sent, sent, or answered.

    Args:
        command: What is asked.
        claim: Says whether an untagged response answers it, and keeps it then.
        sink: Makes a sink for a large literal; None keeps literals in the answers.
        pours: Octets of its literals are given by `Dialogue.pour` while the server is silent.
        most: So many answers are taken at most: more have no end that our memory would see.

    Attributes:
        claimed: How many were taken.
        keep_rows: Takes answers with an ENVELOPE unread; None: they are read as they come.
    """

    def __init__(
        self,
        command: Command,
        claim: Callable[[UntaggedResponse, Tag], bool] | None = None,
        sink: Callable[[Announced, int], Sink] | None = None,
        *,
        pours: bool = False,
        most: int | None = None,
    ) -> None:
        self.command = command
        self.claim = claim
        self.sink = sink
        self.pours = pours
        self.claimed = 0
        self._most = limits.MAX_ANSWERS if most is None else most
        self._octets = 0
        self.keep_rows: Callable[[FetchRows], None] | None = None
        self.tag: Tag | None = None
        self.ended: asyncio.Future[Tagged] = asyncio.get_running_loop().create_future()
        self.challenges: deque[bytes | None] = deque()
        self.must_end = False
        self.said_done = False
        self.failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        # Its error may come when nobody waits for it any more.
        self.ended.add_done_callback(_look_at)

    def wake(self) -> None:
        """Let `changed` return."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def changed(self) -> None:
        """Wait until something came for this command."""
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def end(self, tagged: Tagged) -> None:
        """Settle the command."""
        if not self.ended.done():
            self.ended.set_result(tagged)
        self.wake()

    def fail(self, error: NetError) -> None:
        """Settle the command with the end of the connection."""
        if not self.ended.done():
            self.ended.set_exception(error)
        self.wake()

    def takes(self, value: UntaggedResponse, tag: Tag) -> bool:
        """Whether an untagged response answers it; it is kept then.

        Raises:
            RemoteProtocolError: The server has answered more than any has to say.
        """
        if self.claim is None or not self.claim(value, tag):
            return False
        self.claimed += 1
        if self.claimed > self._most:
            raise self._endless("MAX_ANSWERS")
        return True

    def hears(self, octets: int) -> None:
        """Count what comes while its answer is due.

        Raises:
            RemoteProtocolError: It is more than any server has to say.
        """
        self._octets += octets
        if self.gathers and self._octets > limits.MAX_GATHERED_OCTETS:
            raise self._endless("MAX_GATHERED_OCTETS")

    @property
    def gathers(self) -> bool:
        """Whether its answers are kept until its end."""
        return self.claim is not None

    def _endless(self, limit: str) -> RemoteProtocolError:
        name = self.command.name.decode("ascii")
        return RemoteProtocolError(f"its answer to {name} has no end", limit=limit)

    def is_full(self) -> bool:
        """Whether so much waits for its reader that nothing more should be read."""
        return False

    def patience_s(self, timeout_s: float) -> float | None:
        """For how long the server may be silent now; None for as long as it likes.

        Args:
            timeout_s: What is borne where an answer is due.
        """
        if self.pours:
            return None  # the octets are on their way; each piece has a limit of its own
        if self.command.name != b"IDLE":
            return timeout_s
        if self.challenges and not self.said_done:
            return None
        return min(IDLE_TIMEOUT_S, timeout_s)


def _look_at(ended: asyncio.Future[Tagged]) -> None:
    if not ended.cancelled():
        ended.exception()
