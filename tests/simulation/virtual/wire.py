"""A network inside one process, with weather: octets are late, cut, swallowed, or refused.

Octets of one direction stay in their order, as TCP keeps them; those of different connections and
directions overtake one another. A peer whose process was killed sends what it had written, and then
its end.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import TYPE_CHECKING

from desktopmail.net.errors import TimedOutError, UnreachableError
from desktopmail.net.memory import MemoryNetwork, MemoryTransport
from desktopmail.net.stream import Stream, StreamProtocol
from tests.simulation.virtual.loop import current_life

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from desktopmail.net.tls import ClientTls
    from tests.simulation.virtual.loop import VirtualLoop
    from tests.simulation.virtual.weather import Weather

_LEAST_S = 0.0001


class Wire:
    """The weather of one network, and what it has done so far.

    Attributes:
        dials: How many connections were asked for.
        troubles: How many were cut, swallowed or refused.
    """

    def __init__(self, loop: VirtualLoop, weather: Weather, chance: random.Random) -> None:
        self.loop = loop
        self.weather = weather
        self.chance = chance
        self.is_fine = False
        self.dials = 0
        self.troubles = 0

    def latency_s(self) -> float:
        return _LEAST_S + self.chance.random() * self.weather.latency_s

    def happens(self, each: int) -> bool:
        """Whether one of so many things goes wrong now."""
        if not each or self.is_fine or self.chance.randrange(each):
            return False
        self.troubles += 1
        return True


class _Transport(MemoryTransport):
    """One end of a connection.

    Args:
        context: Whose code runs when something arrives here.
    """

    def __init__(
        self,
        protocol: StreamProtocol,
        names: dict[str, object],
        wire: Wire,
        context: contextvars.Context,
    ) -> None:
        super().__init__(protocol, names)
        self._wire = wire
        self._context = context
        self._is_swallowed = False

    def schedule(self) -> None:
        other = self._other
        if self._scheduled or self._lost or not isinstance(other, _Transport):
            return
        self._scheduled = True
        self._loop.call_later(
            self._wire.latency_s(), self._bring, other, context=contextvars.Context()
        )

    def swallow(self) -> None:
        """Let nothing through any more, in either direction, and say nothing of it."""
        self._is_swallowed = True

    def perish(self) -> None:
        """The process of this end was killed: what it has written goes out, nothing more."""
        self._closing = True
        self.schedule()

    def abort(self) -> None:
        self._closing = True
        self._outbox.clear()
        self._end(None)
        if self._other is not None:
            self._loop.call_later(
                self._wire.latency_s(), self._other.cut, context=contextvars.Context()
            )

    def _end(self, error: Exception | None) -> None:
        if not self._lost:
            self._lost = True
            self._loop.call_soon(
                self._protocol.connection_lost, error, context=self._context.copy()
            )

    def _bring(self, other: _Transport) -> None:
        if self._is_swallowed:
            self._outbox.clear()
            return
        if self._outbox and self._wire.happens(self._wire.weather.cut_each):
            del self._outbox[self._wire.chance.randrange(len(self._outbox) + 1) :]
            if self._outbox and other.is_reading():
                other._run(other.arrive, bytes(self._outbox))
            self.cut()
            other.cut()
            return
        other._run(self._deliver)

    def _run(self, function: Callable[..., None], *args: object) -> None:
        self._context.copy().run(function, *args)


class WeatherNetwork(MemoryNetwork):
    """Hosts and ports inside one process; a `Dialer` and a `Listen` at once."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self._wire = wire

    async def dial(
        self, host: str, port: int, *, tls: ClientTls | None = None, timeout_s: float = 30.0
    ) -> Stream:
        """Connect to a listener of this network, if the weather lets us."""
        wire = self._wire
        wire.dials += 1
        await asyncio.sleep(wire.latency_s())
        if wire.happens(wire.weather.refuse_each):
            if wire.chance.random() < 0.5:
                await asyncio.sleep(timeout_s)
                raise TimedOutError(f"{host} did not answer in {timeout_s:g} s.", code="timeout")
            raise UnreachableError(f"{host} refuses the connection.", code="refused")
        listener = self._listeners[host, port]
        life = current_life()
        near, far = StreamProtocol(), StreamProtocol(server=True)
        here = life.context.copy() if life is not None else contextvars.Context()
        one = _Transport(near, {"peername": (host, port), "sockname": ("here", 1)}, wire, here)
        two = _Transport(
            far, {"peername": ("127.0.0.1", wire.dials), "sockname": (host, port)}, wire,
            contextvars.Context(),
        )  # fmt: skip
        one.join(two)
        near.connection_made(one)
        far.connection_made(two)
        contextvars.Context().run(listener.accept, Stream(far))
        if life is not None:
            life.at_its_end(one.perish)
        if wire.happens(wire.weather.swallow_each):
            when_s = wire.chance.random() * wire.chance.choice((0.1, 5.0, 600.0))
            for end in (one, two):
                wire.loop.call_later(when_s, end.swallow, context=contextvars.Context())
        stream = Stream(near)
        if tls is not None:  # nobody here speaks it: what looks for it finds that out
            await stream.start_tls(tls)
        return stream
