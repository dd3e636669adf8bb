"""When an engine is to die: its events are counted, and at one of them the process is killed.

An event is whatever may be the last thing a process did: a statement to SQLite, the beginning and
the end of a step of the store, a connection made, octets written or read. The kill is a real
SIGKILL, sent by the process to itself: nothing is flushed, rolled back or said goodbye to.
"""

from __future__ import annotations

import itertools
import os
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, Unpack

from desktopmail.door.sqlite import fetch
from desktopmail.net.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    import apsw

    from desktopmail.engine.engine import Engine
    from desktopmail.net.dial import Dialer
    from desktopmail.net.ports import Executor, Ports
    from desktopmail.net.tls import ClientTls

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Death:
    """The moment at which a process is killed; without any of these it lives on.

    Attributes:
        event: The number of the event, from 1.
        state: Something of the outbox or the journal being so (see `states`), from where on
            `further` more events happen.
        after_s: So many seconds after its start, whatever it does then.
    """

    event: int | None = None
    state: str | None = None
    further: int = 0
    after_s: float | None = None

    def __str__(self) -> str:
        if self.after_s is not None:
            return f"{self.after_s:.3f} s"
        return f"{self.state} + {self.further}" if self.state else f"event {self.event}"


def kill_process() -> None:
    """End this process with nothing flushed, rolled back or said goodbye to."""
    os.kill(os.getpid(), signal.SIGKILL)


class Fate:
    """Counts the events of an engine, and kills it at one.

    Args:
        death: At which.
        kill: Ends whatever the engine lives in.
    """

    def __init__(self, death: Death, kill: Callable[[], None] = kill_process) -> None:
        self._death = death
        self._kill = kill
        self._numbers = itertools.count(1)
        self._fatal = death.event
        self.events = 0

    def step(self) -> None:
        """Something happened."""
        self.events = next(self._numbers)
        if self._fatal is not None and self.events >= self._fatal:
            self._kill()

    def ports(self, ports: Ports) -> Ports:
        """The same ports, under its eyes."""
        return replace(ports, dialer=_Dialer(ports.dialer, self))

    def store_executor(self, executor: Executor) -> _StoreExecutor:
        """The executor of the store, under its eyes."""
        return _StoreExecutor(executor, self)

    def watch(self, engine: Engine) -> None:
        """See the statements of the engine's store from now on."""
        for connection in (engine.store._connection, engine.store._segments._connection):
            connection.exec_trace = self._statement

    def look(self, connection: apsw.Connection) -> None:
        """See whether the store is in the state that the death waits for."""
        if self._fatal is None and self._death.state in states(connection):
            self._fatal = self.events + 1 + self._death.further

    @property
    def waits_for_a_state(self) -> bool:
        """Whether the states of the store matter."""
        return self._death.state is not None

    def _statement(self, _cursor: object, _sql: object, _bindings: object) -> bool:
        self.step()
        return True


def states(connection: apsw.Connection) -> set[str]:
    """What of the outbox and the journal stands in which state: `move running`, `sending done`."""
    rows = fetch(connection, "SELECT DISTINCT 'sending', state FROM sending")
    rows += fetch(connection, "SELECT DISTINCT kind, state FROM operation")
    return {f"{kind} {state}" for kind, state in rows}


class _StoreExecutor:
    def __init__(self, inner: Executor, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate
        self.connection: apsw.Connection | None = None

    async def run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        self._fate.step()
        result = await self._inner.run(self._run, function, *args)
        self._fate.step()
        return result

    def _run(self, function: Callable[[Unpack[Ts]], T], *args: *Ts) -> T:
        result = function(*args)
        if self.connection is not None and self._fate.waits_for_a_state:
            self._fate.look(self.connection)
        return result


class _Dialer:
    def __init__(self, inner: Dialer, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate

    async def dial(
        self, host: str, port: int, *, tls: ClientTls | None = None, timeout_s: float = 30.0
    ) -> Stream:
        self._fate.step()
        stream = await self._inner.dial(host, port, tls=tls, timeout_s=timeout_s)
        self._fate.step()
        return _Stream(stream, self._fate)


class _Stream(Stream):
    def __init__(self, inner: Stream, fate: Fate) -> None:
        super().__init__(inner._protocol)
        self._fate = fate

    async def read(self, until: float | None = None) -> bytes:
        octets = await super().read(until)
        self._fate.step()
        return octets

    def write(self, octets: bytes) -> None:
        self._fate.step()
        super().write(octets)
        self._fate.step()

    async def send(self, octets: bytes) -> None:
        self._fate.step()
        await super().send(octets)
        self._fate.step()
