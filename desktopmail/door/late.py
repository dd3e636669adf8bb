"""A door whose engine is still being started: what is asked of it waits, and nothing is lost.

So a window need not wait for the engine to show what the store has already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from desktopmail.door.changes import AnyChange
    from desktopmail.door.commands import AnyCommand, Outcome
    from desktopmail.door.interface import Door
    from desktopmail.door.queries import AnyAnswer, AnyQuery

    _Listener: TypeAlias = Callable[[AnyChange], None]
    _Listening: TypeAlias = tuple[_Listener, Callable[[], None] | None]  # and how to stop it


class LateDoor:
    """Passes everything on to another door, once it is opened with that."""

    def __init__(self) -> None:
        self._door: Door | None = None
        self._opened: asyncio.Event | None = None  # made by the first who waits, in its loop
        self._listeners: dict[int, _Listening] = {}
        self._numbers = iter(range(1 << 62))

    def open(self, door: Door) -> None:
        """Pass everything on to this door; what changed before it came is told as everything."""
        self._door = door
        if self._opened is not None:
            self._opened.set()
        from desktopmail.door.changes import EverythingChanged

        for number, (listener, _) in list(self._listeners.items()):
            self._listeners[number] = (listener, door.subscribe(listener))
            listener(EverythingChanged())

    async def command(self, command: AnyCommand) -> Outcome:
        """See `Door.command`; waits for the door."""
        return await (await self._wait()).command(command)

    async def query(self, query: AnyQuery) -> AnyAnswer:
        """See `Door.query`; waits for the door."""
        return await (await self._wait()).query(query)

    def subscribe(self, listener: Callable[[AnyChange], None]) -> Callable[[], None]:
        """See `Door.subscribe`."""
        number = next(self._numbers)
        stop = self._door.subscribe(listener) if self._door is not None else None
        self._listeners[number] = (listener, stop)

        def leave() -> None:
            _, stop = self._listeners.pop(number, (listener, None))
            if stop is not None:
                stop()

        return leave

    async def aclose(self) -> None:
        """See `Door.aclose`."""
        if self._door is not None:
            await self._door.aclose()

    async def _wait(self) -> Door:
        import asyncio

        if self._door is None:
            self._opened = self._opened or asyncio.Event()
            await self._opened.wait()
        if self._door is None:
            raise RuntimeError("a door was opened without a door")
        return self._door
