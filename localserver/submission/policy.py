"""What lives as long as the server: the limits of each user, and the chain of filters."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from localserver.submission.filters import make_filters
from localserver.submission.rate_filter import RateRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from desktopmail.net.ports import Ports
    from localserver.config import Config
    from localserver.submission.filters import Filter


class RateLimit:
    """Counts what each one did in the last seconds.

    Args:
        most: How often in the window.
        window_s: Length of the window.
    """

    def __init__(self, most: int, window_s: float) -> None:
        self._most = most
        self._window_s = window_s
        self._done: dict[str, deque[float]] = {}

    def allows(self, who: str, now: float) -> bool:
        """Count one more, unless it is too many."""
        done = self._done.setdefault(who, deque())
        while done and done[0] <= now - self._window_s:
            done.popleft()
        if len(done) >= self._most:
            return False
        done.append(now)
        return True

    def reset(self) -> None:
        """Forget what was done."""
        self._done.clear()


class Policy:
    """Made once for a server.

    Args:
        users: Messages a minute for each user.
        filters: The chain, in its order.
    """

    def __init__(self, users: RateLimit, filters: Sequence[Filter] = ()) -> None:
        self.users = users
        self.filters = tuple(filters)

    def reset(self) -> None:
        """Forget what limits and filters have counted."""
        self.users.reset()
        for each in self.filters:
            if isinstance(each.rule, RateRule):
                each.rule.reset()


def make_policy(config: Config, ports: Ports) -> Policy:
    """Read the limits and the `[[filter]]` tables of a configuration.

    Raises:
        FilterError: A table is wrong; the sentence names it.
    """
    return Policy(
        RateLimit(config.limits.messages_per_minute, 60.0), make_filters(config.filters, ports)
    )
