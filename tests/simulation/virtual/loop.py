"""An event loop whose time is a number: waiting costs nothing, and what is dead runs no more.

Whatever runs in the context of a `Life` that has ended is never run again: no `finally`, no
`except`, no callback. That is what a killed process is to everybody else.
"""

from __future__ import annotations

import asyncio
import contextvars
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

H = TypeVar("H", bound=asyncio.Handle)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping


class StuckError(Exception):
    """Nothing would ever happen again: everybody waits for somebody."""


class TooLateError(Exception):
    """The time that a story may take is over."""


class Life:
    """Something that runs on the loop, until it does not.

    Attributes:
        is_over: It was ended; nothing of it runs any more.
        ended: Set then.
    """

    def __init__(self) -> None:
        self.is_over = False
        self.ended = asyncio.Event()
        self._last_wishes: list[Callable[[], None]] = []
        self.context = contextvars.Context()
        self.context.run(_LIFE.set, self)

    def end(self) -> None:
        """End it here and now, whoever of it is running."""
        if self.is_over:
            return
        self.is_over = True
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        loop.forget(self)
        for wish in self._last_wishes:
            wish()
        loop.call_soon(self.ended.set, context=contextvars.Context())

    def at_its_end(self, wish: Callable[[], None]) -> None:
        """Have the world hear of its end: connections are cut."""
        self._last_wishes.append(wish)


_LIFE: contextvars.ContextVar[Life] = contextvars.ContextVar("life")
# Generators of lives that are over: they never come to their `finally`.
_DEAD: list[AsyncGenerator[object, object]] = []


def current_life() -> Life | None:
    """Whose code is running; None for the world's."""
    return _LIFE.get(None)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time goes on when nobody has anything to do, and then to the next thing that is due.

    Args:
        until_s: When it is too late.
    """

    def __init__(self, *, until_s: float) -> None:
        self._passed_s = 0.0
        self._until_s = until_s
        self._lives: dict[int, Life] = {}  # of generators, by their identity
        super().__init__(_NoSelector(self._pass_time))
        # Timers are due to the microsecond: what is added up has no rounding errors then.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._passed_s

    def call_soon(
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        context = context if context is not None else contextvars.copy_context()
        handle = super().call_soon(callback, *args, context=context)
        return _unless_over(handle, context)

    def call_at(
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        context = context if context is not None else contextvars.copy_context()
        handle = super().call_at(when, callback, *args, context=context)
        return _unless_over(handle, context)

    def run_in_executor(self, *_args: object) -> Any:
        raise RuntimeError("a thread would bring chance: take the executor of the ports")

    def _asyncgen_firstiter_hook(self, agen: AsyncGenerator[object, object]) -> None:
        life = current_life()
        if life is not None:
            self._lives[id(agen)] = life
        super()._asyncgen_firstiter_hook(agen)  # type: ignore[misc]

    def _asyncgen_finalizer_hook(self, agen: AsyncGenerator[object, object]) -> None:
        """End one that nobody has any more; its last words are of its life, whoever collects it."""
        life = self._lives.pop(id(agen), None)
        if life is not None and life.is_over:
            _DEAD.append(agen)
        else:
            super()._asyncgen_finalizer_hook(agen)  # type: ignore[misc]

    def forget(self, life: Life) -> None:
        """Run nothing more of a life."""
        for handle in (*self._ready, *self._scheduled):  # type: ignore[attr-defined]
            if handle._context.get(_LIFE) is life:
                handle.cancel()

    def _pass_time(self, seconds: float | None) -> None:
        if seconds is None:
            raise StuckError(f"nobody has anything to do after {self._passed_s:.3f} s")
        self._passed_s += seconds
        if self._passed_s > self._until_s:
            raise TooLateError(f"it has not come to its end after {self._passed_s:.0f} s")


def _unless_over(handle: H, context: contextvars.Context) -> H:
    life = context.get(_LIFE)
    if life is not None and life.is_over:
        handle.cancel()
    return handle


class _NoSelector(selectors.BaseSelector):
    """Waits for nothing but time."""

    def __init__(self, pass_time: Callable[[float | None], None]) -> None:
        self._pass_time = pass_time
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[number] = key = selectors.SelectorKey(fileobj, number, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._pass_time(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys[fileobj if isinstance(fileobj, int) else fileobj.fileno()]

    def close(self) -> None:
        self._keys.clear()
