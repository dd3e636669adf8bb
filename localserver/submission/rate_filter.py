"""The rule "rate": so many messages in so many seconds for each user, sender or address."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from localserver.submission.filter_table import ValueOfKeyError, choice, number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from desktopmail.net.ports import Clock
    from localserver.submission.subject import Subject

_MOST_REMEMBERED: Final = 10_000


class RateRule:
    """Hits the messages above the limit; they do not count further.

    Keys: `most` (default 30), `window_s` (default 60), `per` ("user", "sender" or "peer", default
    "user"; who is not logged in counts by address).
    """

    def __init__(self, table: Mapping[str, object], clock: Clock) -> None:
        most = number(table, "most", 30)
        if most != int(most):
            raise ValueOfKeyError("most", "is a whole number")
        self._most = int(most)
        self._window_s = number(table, "window_s", 60)
        self._per = choice(table, "per", "user", ("user", "sender", "peer"))
        self._clock = clock
        self._done: dict[str, deque[float]] = {}

    async def hit(self, message: Subject) -> str | None:
        """Count the message."""
        now = self._clock.monotonic()
        if len(self._done) >= _MOST_REMEMBERED:
            # Who comes under ten thousand names is not counted by name; memory stays bounded.
            del self._done[next(iter(self._done))]
        done = self._done.setdefault(self._who(message), deque())
        while done and done[0] <= now - self._window_s:
            done.popleft()
        if len(done) >= self._most:
            return f"more than {self._most} messages in {self._window_s:g} s"
        done.append(now)
        return None

    def reset(self) -> None:
        """Forget what was counted."""
        self._done.clear()

    def _who(self, message: Subject) -> str:
        address = message.peer.rpartition(":")[0]
        if self._per == "user":
            return message.user or address
        return message.sender if self._per == "sender" else address
