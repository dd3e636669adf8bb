"""The engine's side of `door/admission.py`: who connects on loopback waits here until it is known.

Anybody on the machine may connect. Who does not show at once that the token is known goes without
a word; so few may wait that they cost nothing, and the one that waited longest makes room for
another: nobody keeps the user's own programs out by waiting.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from desktopmail.door.admission import NONCE_OCTETS, OPENING_OCTETS, answer, is_opening
from desktopmail.door.transport import both_ways

if TYPE_CHECKING:
    from collections.abc import Callable

# A client opens as soon as it is connected.
OPENING_TIMEOUT_S = 5.0
MAX_WAITING = 16


class Admission:
    """Lets those in who know the token.

    Args:
        token: The octets that they have to know.
        serve: Makes what a client is served by, once it is known.

    Attributes:
        waiting: Connections that have shown nothing yet, the oldest first.
    """

    def __init__(self, token: bytes, serve: Callable[[], asyncio.Protocol]) -> None:
        self._token = token
        self._serve = serve
        self._is_closed = False
        self.waiting: dict[_Stranger, None] = {}

    def stranger(self) -> asyncio.Protocol:
        """What takes a connection first."""
        return _Stranger(self)

    def close(self) -> None:
        """Send all away that wait, and who was accepted but not met yet."""
        self._is_closed = True
        for stranger in list(self.waiting):
            stranger.leave()

    def wait(self, stranger: _Stranger) -> None:
        """One more waits."""
        if self._is_closed:
            stranger.leave()
            return
        if len(self.waiting) >= MAX_WAITING:
            next(iter(self.waiting)).leave()
        self.waiting[stranger] = None

    def gone(self, stranger: _Stranger) -> None:
        """One waits no longer; harmless when it was said before."""
        self.waiting.pop(stranger, None)

    def decide(self, stranger: _Stranger, transport: asyncio.Transport, octets: bytes) -> None:
        """Let one in, or send it away: it has said as many octets as an opening has, or more."""
        if len(octets) != OPENING_OCTETS or not is_opening(self._token, octets):
            stranger.leave()
            return
        self.gone(stranger)
        transport.write(answer(self._token, octets[:NONCE_OCTETS]))
        client = self._serve()
        transport.set_protocol(client)
        client.connection_made(transport)


class _Stranger(asyncio.Protocol):
    """A connection of which nothing is known; never more than an opening is kept of it."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._heard = b""
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = both_ways(transport)
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(OPENING_TIMEOUT_S, self.leave)
        self._admission.wait(self)

    def data_received(self, data: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._heard += data[: OPENING_OCTETS + 1]
        if len(self._heard) >= OPENING_OCTETS:
            self._end_deadline()
            self._admission.decide(self, self._transport, self._heard)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._end_deadline()
        self._admission.gone(self)

    def leave(self) -> None:
        """Close it without a word."""
        self._end_deadline()
        self._admission.gone(self)
        if self._transport is not None:
            self._transport.abort()

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
