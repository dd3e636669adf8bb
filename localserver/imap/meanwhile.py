"""What a session does between two pieces of long work: it tells its client, or learns its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from desktopmail.net.errors import ClosedError
from desktopmail.wire.imap.condition import Answer, Condition

if TYPE_CHECKING:
    from localserver.imap.session import ImapSession

# So often a client hears that its search goes on.
_STILL_S: Final = 10.0
# The same of one that sends no more. It may read its answers, or have gone: then what it is told is
# refused, and with it the connection is known to be lost.
_STILL_THERE_S: Final = 0.25


class Meanwhile:
    """Awaited between two pieces of a search, and of putting what it found in order.

    Args:
        session: The session that searches.
    """

    def __init__(self, session: ImapSession) -> None:
        self._session = session
        self._loop = asyncio.get_running_loop()
        self._told_at = self._loop.time()

    async def __call__(self) -> None:
        """Go on.

        Raises:
            ClosedError: The client has gone.
            TimedOutError: It takes nothing.
        """
        session = self._session
        every_s = _STILL_THERE_S if session.stream.has_ended else _STILL_S
        if self._loop.time() - self._told_at >= every_s:
            self._told_at = self._loop.time()
            session.send(Answer(Condition.OK, None, "The search goes on."))
            await session.flush()
        if session.stream.is_closed:
            raise ClosedError(f"{session.stream.peer} left its search.", code="closed")
