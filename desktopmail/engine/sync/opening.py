"""What is asked when an IMAP connection was made: all of it at once, in one round trip.

ENABLE, LIST, and the SELECT of an Inbox that is not known yet do not wait for one another (RFC 9051
section 5.5): far from the server each wait is a tenth of a second before the first screen.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from desktopmail.engine.sync import mailboxes
from desktopmail.engine.waiting import unwrapped
from desktopmail.net.errors import RefusedError

if TYPE_CHECKING:
    from desktopmail.engine.sync.mailboxes import Listed
    from desktopmail.net.imap import ImapClient
    from desktopmail.net.imap_answers import Selected


class Opening:
    """The first questions on one connection, and their answers until somebody takes them.

    Args:
        client: Logged in; None for a connection that is not made yet.
    """

    def __init__(self, client: ImapClient | None) -> None:
        self._client = client
        self._listed: list[Listed] = []
        self._inbox: Selected | None = None

    async def ask_together(self, *, inbox: bool) -> None:
        """Ask for everything.

        Args:
            inbox: Open the Inbox, too, which was never looked at: then there is nothing yet that
                the numbers of mailboxes could be compared with, and a server that has to look at
                each for them lets the first screen wait.

        Raises:
            NetError: The connection failed.
        """
        with unwrapped():
            async with asyncio.TaskGroup() as group:
                group.create_task(self.enable())
                group.create_task(self._list(numbers=not inbox))
                if inbox:
                    group.create_task(self._select())

    async def enable(self) -> None:
        """Have QRESYNC, where the server offers it."""
        client = self._client
        if client is not None and client.offers("QRESYNC") and client.offers("ENABLE"):
            with contextlib.suppress(RefusedError):  # some servers advertise it and refuse it
                await client.enable("QRESYNC")

    def take_listed(self) -> list[Listed]:
        """The mailboxes; empty when they were taken, or something was changed since."""
        listed, self._listed = self._listed, []
        return listed

    def take(self, path: str) -> Selected | None:
        """What the server said of a mailbox when it was opened; None when it is not open."""
        selected, self._inbox = self._inbox, None
        return selected if path == "INBOX" else None

    def forget(self) -> None:
        """Something else is said now: what was answered may not hold any more."""
        self._listed, self._inbox = [], None

    async def _list(self, *, numbers: bool) -> None:
        if self._client is not None:
            self._listed = await mailboxes.ask(self._client, numbers=numbers)

    async def _select(self) -> None:
        client = self._client
        if client is None:
            return
        with contextlib.suppress(RefusedError):  # the look that follows says so
            self._inbox = await client.select("INBOX", condstore=client.offers("CONDSTORE"))
