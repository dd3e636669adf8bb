"""Who is connected: counted, limited, and thrown out when nobody logs in."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from localserver.changes import Changes
from localserver.config import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktopmail.net.ports import Clock
    from desktopmail.net.stream import Stream
    from localserver.config import Limits

_NEEDS_LOGIN = frozenset({"submission", "submissions", "pop3", "pop3s", "imap", "imaps"})


@dataclass(slots=True)
class Connected:
    """One connection.

    Attributes:
        number: Counted from 1, never used again while the server runs.
        listener: Name of the listener (`imaps`).
        stream: The connection.
        since: Monotonic seconds.
        user: Name of who logged in, or None.
        task: Serves it, once it does.
        is_idle: Whether it only waits for its client.
        is_dismissed: It was told that the server stops.
    """

    number: int
    listener: str
    stream: Stream
    since: float
    user: str | None = None
    task: asyncio.Task[object] | None = None
    is_idle: Callable[[], bool] = lambda: False
    is_dismissed: bool = False

    @property
    def waits_for_login(self) -> bool:
        """Whether a login is needed here and has not happened."""
        return self.user is None and self.listener in _NEEDS_LOGIN


@dataclass(slots=True)
class Sessions:
    """All connections of a server."""

    limits: Limits
    clock: Clock
    changes: Changes = field(default_factory=Changes)
    # By stream: a client may use one port of its own for connections to two of ours.
    _connected: dict[Stream, Connected] = field(default_factory=dict)
    _addresses: Counter[str] = field(default_factory=Counter)
    _count: int = 0

    def admit(self, listener: str, stream: Stream) -> str | None:
        """Take a new connection in; returns why it is refused, or None."""
        address = _address(stream.peer)
        waiting = sum(each.waits_for_login for each in self._connected.values())
        if len(self._connected) >= self.limits.sessions:
            return "Too many connections; try again later."
        if self._addresses[address] >= self.limits.sessions_per_address:
            return "Too many connections from your address; try again later."
        if listener in _NEEDS_LOGIN and waiting >= self.limits.sessions_before_login:
            return "Too many connections without a login; try again later."
        self._count += 1
        one = Connected(self._count, listener, stream, self.clock.monotonic())
        self._connected[stream] = one
        self._addresses[address] += 1
        self._tell(one, "connected")
        return None

    def leave(self, stream: Stream) -> None:
        """Forget a connection that was admitted."""
        one = self._connected.pop(stream, None)
        if one is not None:
            self._tell(one, "gone")
            address = _address(stream.peer)
            self._addresses[address] -= 1
            if not self._addresses[address]:
                del self._addresses[address]

    def logged_in(self, peer: str, user: str) -> None:
        """Note who logged in on a connection."""
        for each in self._connected.values():
            if each.user is None and each.stream.peer == peer:
                each.user = user
                self._tell(each, "logged in")
                return

    def sweep(self) -> int:
        """Cut the connections that have waited too long for a login; returns how many."""
        until = self.clock.monotonic() - self.limits.login_s
        late = [each for each in self._connected.values() if each.waits_for_login]
        late = [each for each in late if each.since < until]
        for each in late:
            each.stream.abort()
        return len(late)

    def serving(self, stream: Stream, is_idle: Callable[[], bool]) -> None:
        """Note that the current task serves an admitted connection."""
        one = self._connected[stream]
        one.task, one.is_idle = asyncio.current_task(), is_idle

    def dismiss(self) -> None:
        """Cancel every session that only waits for its client: it says goodbye, and ends.

        The others are let finish what they are about; ask again, until none is left.
        """
        for each in self._connected.values():
            if each.task is not None and not each.is_dismissed and each.is_idle():
                each.is_dismissed = True
                each.task.cancel()

    def cut(self, number: int) -> bool:
        """Cut one connection; returns whether there is such a one."""
        for each in self._connected.values():
            if each.number == number:
                each.stream.abort()
                return True
        return False

    def all(self) -> list[Connected]:
        """Every connection, the oldest first."""
        return sorted(self._connected.values(), key=lambda each: each.since)

    def _tell(self, one: Connected, state: str) -> None:
        self.changes.tell(
            "session",
            number=one.number,
            listener=one.listener,
            peer=one.stream.peer,
            user=one.user,
            state=state,
        )


def _address(peer: str) -> str:
    return "loopback" if is_loopback(peer) else peer.rpartition(":")[0] or peer
